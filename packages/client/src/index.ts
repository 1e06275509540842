/** A HighChat client for pages, workers and servers. */

export {
  HighChatError,
  IncompleteError,
  NoAnswerError,
  NotAReplyError,
  RefusedError,
  ServiceError,
  UnreachableError,
  UsageError,
} from "./errors.js";
export type { FailureDetails } from "./errors.js";
export { Session } from "./session.js";
export type { SessionEvents, SessionOptions, Settings } from "./session.js";
export { Turn } from "./turn.js";
export type { Answer } from "./turn.js";
export type { ChatMessage, State, TurnEnd, Update } from "./updates.js";
