/** The errors of a conversation. */

/** What is known about a failure. */
export interface FailureDetails {
  /** The service's own code, such as `rate_limited`; otherwise the kind of failure. */
  code: string;
  /** The service's own sentence for the user, in Armenian, if it sent one. Untrusted text. */
  sentence?: string | undefined;
  /** The HTTP status, if the service answered with an error. */
  status?: number | undefined;
  /** Whether the service may have taken the message. If so, never send it again. */
  mayHaveBeenTaken: boolean;
  /** Whether the message can be sent again without any risk that it is taken twice. */
  canBeSentAgain: boolean;
  /** The time that the service asks to wait, in seconds. */
  retryAfter?: number | undefined;
}

/** Why there is no whole answer. `message` is the service's sentence, or one of ours in English. */
export class HighChatError extends Error implements FailureDetails {
  readonly code: string;
  readonly sentence?: string | undefined;
  readonly status?: number | undefined;
  readonly mayHaveBeenTaken: boolean;
  readonly canBeSentAgain: boolean;
  readonly retryAfter?: number | undefined;

  constructor(message: string, details: FailureDetails) {
    super(message);
    // Not the name of the class, which a minifier shortens.
    this.name = "HighChatError";
    this.code = details.code;
    this.sentence = details.sentence;
    this.status = details.status;
    this.mayHaveBeenTaken = details.mayHaveBeenTaken;
    this.canBeSentAgain = details.canBeSentAgain;
    this.retryAfter = details.retryAfter;
  }
}

/** The service could not be reached, and nothing was sent. Code: `unreachable`. */
export class UnreachableError extends HighChatError {}
/** No answer came. The service may have taken the message. Code: `no_answer`. */
export class NoAnswerError extends HighChatError {}
/** The service answered with an error. Code: the service's own, or `refused`. */
export class RefusedError extends HighChatError {}
/** The service answered with something that is no reply. Code: `not_a_reply`. */
export class NotAReplyError extends HighChatError {}
/** Only a part of the reply came. The service took the message. Code: `incomplete`. */
export class IncompleteError extends HighChatError {}
/** The service gave up on the reply, with an `error` event. Code: `failed`. */
export class ServiceError extends HighChatError {}
/**
 * The call was not possible, and nothing was sent. Code: `invalid` (an empty message, or one
 * of more than 4000 characters), `in_progress` (the previous turn or rating is not over),
 * `no_conversation` (there is nothing to rate), `closed`, or `unavailable` (the page's policy
 * does not allow WebAssembly).
 */
export class UsageError extends HighChatError {}

const KINDS: Record<string, typeof HighChatError> = {
  unreachable: UnreachableError,
  no_answer: NoAnswerError,
  refused: RefusedError,
  not_a_reply: NotAReplyError,
  incomplete: IncompleteError,
  failed: ServiceError,
};

/** A failure as the module describes it. */
export interface Failure {
  kind: string;
  message: string;
  status?: number;
  code?: string;
}

export function failed(failure: Failure, details: Omit<FailureDetails, "code" | "status">): HighChatError {
  const { kind, message, status, code = kind } = failure;
  const Class = KINDS[kind] ?? HighChatError;
  return new Class(message, { ...details, status, code });
}

export function misused(code: string, sentence: string): UsageError {
  return new UsageError(sentence, { code, mayHaveBeenTaken: false, canBeSentAgain: code !== "invalid" });
}
