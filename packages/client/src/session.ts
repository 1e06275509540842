/** A conversation with a bot, and with a person after the bot hands over. */

import { Core, type Setup, type Status } from "./core.js";
import { Driver } from "./driver.js";
import { misused } from "./errors.js";
import { type Platform, here } from "./platform.js";
import { type Answer, Turn } from "./turn.js";
import type { ChatMessage, State, Update } from "./updates.js";

/** Times are in milliseconds, limits in bytes. The defaults are those of `highchat-proto`. */
export interface Settings {
  /** Time from a request to the head of its response: 60 s. */
  responseTimeout?: number;
  /** Time that a body may go without a byte: 60 s. */
  idleTimeout?: number;
  /** Time that a reply may go with only pings: 300 s. */
  progressTimeout?: number;
  /** Time to read the rest of a body after its reply ended: 2 s. */
  settleTimeout?: number;
  /** How many times a message is sent at most, while the service surely did not take it: 3. */
  attempts?: number;
  /** Delays after a 429 without `Retry-After`: 5 s, then 20 s. */
  rateLimitDelays?: [number, number];
  /** The longest `Retry-After` that is waited for: 120 s. */
  retryAfterLimit?: number;
  /** Delays after a message could not be sent: 0.5 s, then 2 s. */
  notSentDelays?: [number, number];
  /** Delays before each search for a cut reply: 1, 3, 6 and 10 s. */
  recoveryDelays?: [number, number, number, number];
  /** Time between two polls for a person's messages: 4 s. */
  pollInterval?: number;
  /** The longest time between polls that fail: 60 s. */
  pollBackoffLimit?: number;
  /** How much text of a reply is remembered for a search: 1 MiB. */
  replyLimit?: number;
  /** The size limit of one event: 1 MiB. */
  eventLimit?: number;
  /** How much of an error's body is read: 64 KiB. */
  errorLimit?: number;
  /** The size limit of a page of messages: 8 MiB. */
  pageLimit?: number;
}

/** What a session needs to know. */
export interface SessionOptions {
  /** The bot's public slug. Give this, or a key, or neither to use a proxy that has the key. */
  slug?: string;
  /** The bot's client key, `hc_…`. */
  key?: string;
  /** Your id of the end user, up to 200 characters. */
  visitorRef?: string;
  /** Where the service is. `https://app.highchat.am` by default; a path is kept. */
  baseUrl?: string;
  /** Allows `http://` to any host. Without it only to this computer: the key is not encrypted. */
  allowInsecureHttp?: boolean;
  settings?: Settings;
  /** In place of the global `fetch`. It must not follow redirects or repeat a request. */
  fetch?: Platform["fetch"];
  /** @internal */
  platform?: Platform;
  /** @internal The seed of all jitter. */
  seed?: number;
}

/** The events of a session. */
export interface SessionEvents {
  /** Everything that happens, in order. */
  update: Update;
  /** A message that a person wrote, or the bot outside of a reply. */
  message: ChatMessage;
  /** Who answers has changed. */
  state: State;
}

/**
 * A conversation. It begins with the first message.
 *
 * ```js
 * const session = new Session({ slug: "demo" });
 * for await (const update of session.send("Բարև 👋")) output.append(update.append ?? "");
 * ```
 *
 * A message is sent a second time only if the service surely did not take it. If a reply is
 * cut, its rest is searched for among the conversation's messages; a part of a reply is never
 * shown as the whole.
 */
export class Session {
  readonly #platform: Platform;
  readonly #setup: Setup;
  readonly #opened: Promise<Core>;
  #core: Core | undefined;
  #driver: Driver | undefined;
  #turn: Turn | undefined;
  #ratings = new Map<number, { resolve(): void; reject(error: Error): void }>();
  #listeners = new Map<keyof SessionEvents, Set<(value: never) => void>>();
  #isClosed = false;

  constructor(options: SessionOptions = {}) {
    const { fetch, platform = here } = options;
    this.#platform = fetch ? { ...platform, fetch: (url, init) => fetch(url, init) } : platform;
    this.#setup = setup(options);
    this.#opened = this.#open();
    // Whoever sends a message is told.
    this.#opened.catch(() => {});
  }

  /**
   * Continues a conversation that {@link save} returned, also after a reload of the page. A turn
   * that was in progress continues as a search for its reply, and its message is not sent again.
   * A handoff continues at once.
   *
   * Throws a `UsageError` if `saved` is not what `save` returned.
   */
  static async resume(saved: string, options: SessionOptions = {}): Promise<Session> {
    const session = new Session({ ...options, saved } as SessionOptions);
    await session.#opened;
    return session;
  }

  /** Resolves when the session can send. Throws a `UsageError` if an option is not valid. */
  async ready(): Promise<void> {
    await this.#opened;
  }

  /** Sends a message. All errors come from the turn, also those of the message itself. */
  send(text: string): Turn {
    const turn = new Turn(
      () => this.cancel(),
      () => this.#driver?.readOn(),
    );
    if (this.#isClosed) {
      turn.finish(undefined, misused("closed", "the session is closed"));
    } else if (this.turnInProgress) {
      turn.finish(undefined, misused("in_progress", "the reply to the previous message is not over yet"));
    } else {
      this.#turn = turn;
      void this.#send(turn, text);
    }
    return turn;
  }

  /** Sends a message and waits for the whole answer. */
  ask(text: string): Promise<Answer> {
    return this.send(text).answer();
  }

  /** Cancels the turn in progress. The service may have taken its message. */
  cancel(): void {
    if (this.#core && this.#driver) {
      this.#core.cancel(this.#platform.now());
      this.#driver.pump();
    }
    // Before the conversation is there, nothing was sent.
    this.#turn?.finish("cancelled", undefined);
  }

  /** Rates the conversation: 1 for 👍, 0 for 👎. Resolves when the service took the rating. */
  async rate(rating: 0 | 1, comment?: string): Promise<void> {
    const core = await this.#opened;
    if (this.#isClosed) throw misused("closed", "the session is closed");
    const id = core.rate(rating, comment, this.#platform.now());
    const rated = new Promise<void>((resolve, reject) => this.#ratings.set(id, { resolve, reject }));
    this.#driver?.pump();
    await rated;
  }

  /** Polls for a person's messages at once, if a handoff is in progress. */
  checkNow(): void {
    this.#core?.checkNow(this.#platform.now());
    this.#driver?.pump();
  }

  /** Calls `listener` for each event. Returns a function that ends this. */
  on<Name extends keyof SessionEvents>(name: Name, listener: (value: SessionEvents[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** The id of the conversation; `null` until the service sends one. */
  get id(): string | null {
    return this.#status.id;
  }

  /** Who answers, by the last state that the service sent. */
  get state(): State {
    return this.#status.state;
  }

  /** Whether a message was sent whose reply is not over. Another can be sent only after it. */
  get turnInProgress(): boolean {
    return (this.#turn && !this.#turn.isOver) || this.#status.turnInProgress;
  }

  /** Whether a person's messages are polled for. */
  get isPolling(): boolean {
    return this.#status.isPolling;
  }

  /**
   * What to keep over a reload, as text, for `localStorage` or wherever the page keeps things.
   * It has no key. It may have the text of a reply, so keep it as private as the conversation.
   * `null` if nothing is known yet.
   */
  save(): string | null {
    return this.#core?.save() ?? this.#setup.saved ?? null;
  }

  /** Ends all requests. The conversation can be continued from what was saved before. */
  close(): void {
    this.#isClosed = true;
    this.#driver?.close();
    const closed = misused("closed", "the session is closed");
    this.#turn?.finish("cancelled", undefined);
    for (const { reject } of this.#ratings.values()) reject(closed);
    this.#ratings.clear();
    this.#listeners.clear();
  }

  get #status(): Status {
    return this.#core?.status ?? { id: null, state: "bot", turnInProgress: false, isPolling: false };
  }

  async #open(): Promise<Core> {
    let core: Core;
    try {
      core = await Core.open(this.#setup, () => this.#platform.now());
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      throw misused("unavailable", `WebAssembly is not available: ${error.message}`);
    }
    if (this.#isClosed) return core;
    this.#core = core;
    this.#driver = new Driver(
      core,
      this.#platform,
      isLoopback(this.#setup.baseUrl),
      (update) => this.#show(update),
      () => !this.#turn?.isFull,
    );
    // Whoever awaits `resume` can listen before the first event.
    this.#platform.after(0, () => !this.#isClosed && this.#driver?.pump());
    return core;
  }

  async #send(turn: Turn, text: string): Promise<void> {
    try {
      const core = await this.#opened;
      // It was cancelled meanwhile.
      if (turn.isOver) return;
      core.send(text, this.#platform.now());
    } catch (error) {
      turn.finish(undefined, error as Error);
      return;
    }
    this.#driver?.pump();
  }

  #show(update: Update): void {
    this.#tell("update", update);
    switch (update.type) {
      case "message":
        if (update.append !== undefined) {
          const { id, role, content, created_at } = update;
          this.#tell("message", { id, role, content, created_at });
        }
        return;
      case "rated":
        this.#ratings.get(update.request)?.resolve();
        this.#ratings.delete(update.request);
        return;
      case "rating_failed":
        this.#ratings.get(update.request)?.reject(update.error);
        this.#ratings.delete(update.request);
        return;
      case "handoff_failed":
      case "unreadable":
        return;
      case "state":
        this.#tell("state", update.state);
    }
    this.#turn?.push(update);
  }

  #tell<Name extends keyof SessionEvents>(name: Name, value: SessionEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (value: SessionEvents[Name]) => void)(value);
      } catch (error) {
        // A page's error must not stop the conversation. It is reported as any other.
        report(error);
      }
    }
  }
}

function report(error: unknown): void {
  if (typeof reportError === "function") {
    reportError(error);
    return;
  }
  // Node has no `reportError`.
  queueMicrotask(() => {
    throw error;
  });
}

function setup(options: SessionOptions & { saved?: string }): Setup {
  const { slug, key, visitorRef, baseUrl = "", allowInsecureHttp = false, settings = {}, saved } = options;
  if (slug !== undefined && key !== undefined) {
    throw misused("invalid", "a session has a slug or a key, not both");
  }
  return {
    slug,
    key,
    visitor: visitorRef,
    saved,
    baseUrl,
    isHttpAllowed: allowInsecureHttp,
    settings: Object.entries(settings).flatMap(([name, value]) =>
      Array.isArray(value)
        ? value.map((delay, place): [string, number] => [`${name}.${place}`, delay])
        : [[name, value] as [string, number]],
    ),
    seed: options.seed ?? Math.random(),
  };
}

/** Whether a base URL is of this computer. If it is no URL at all, opening it reports so. */
function isLoopback(baseUrl: string): boolean {
  return /^https?:\/\/(localhost|127\.[\d.]+|\[::1\])(:\d+)?(\/|$)/i.test(baseUrl);
}
