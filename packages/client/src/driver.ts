/** Moves bytes and time between a conversation and `fetch`. It decides nothing itself. */

import type { Core, Request } from "./core.js";
import type { Platform } from "./platform.js";
import type { Update } from "./updates.js";

/**
 * Headers that are the browser's own. Setting one of them does nothing, or needs the service's
 * permission for a page of another origin.
 */
const BROWSERS_OWN = new Set(["accept-encoding", "user-agent"]);

/** The fields of a head that the conversation judges. */
const JUDGED = ["content-type", "retry-after", "date"];

/** A redirect is shown without its status. */
const REDIRECT = 302;

/** A timer this late was held up, by a page in the background or a computer that slept. */
const LATE = 1000;

/** After such a pause, the time for chunks that are waiting to be read. */
const GRACE = 100;

/** One request that is under way. */
interface Exchange {
  id: number;
  request: Request;
  controller: AbortController;
  /** Set while the request waits for the network or for the page to be shown again. */
  isParked: boolean;
}

export class Driver {
  readonly #core: Core;
  readonly #platform: Platform;
  readonly #show: (update: Update) => void;
  /** False if no chunk should be read now, because the page is slow to take updates. */
  readonly #mayRead: () => boolean;
  /** The service is on this computer, so it can be reached without a network. */
  readonly #isLoopback: boolean;
  readonly #live = new Map<number, Exchange>();
  readonly #listeners: (() => void)[];
  #stopTimer = (): void => {};
  #isPumping = false;
  #isAway = false;
  #waiting: (() => void)[] = [];

  constructor(
    core: Core,
    platform: Platform,
    isLoopback: boolean,
    show: (update: Update) => void,
    mayRead: () => boolean,
  ) {
    this.#core = core;
    this.#platform = platform;
    this.#isLoopback = isLoopback;
    this.#show = show;
    this.#mayRead = mayRead;
    this.#listeners = [
      platform.on("pagehide", () => this.#leave()),
      platform.on("pageshow", () => this.#comeBack()),
      platform.on("online", () => this.#comeBack()),
    ];
  }

  /** Carries out the conversation's outputs. Call it after every command. */
  pump(): void {
    // A listener may call a command while an update is shown. Its outputs come in their turn.
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      for (;;) {
        const output = this.#core.poll();
        if (output.do === "wait") {
          this.#wait(output.until);
          return;
        }
        if (output.do === "show") this.#show(output.update);
        else if (output.do === "abort") this.#drop(output.id);
        else this.#transmit(output.request);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** Reads on after {@link mayRead} was false. */
  readOn(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#core.back(this.#platform.now());
    for (const resume of waiting) resume();
  }

  /** Drops all requests and listens to nothing any longer. */
  close(): void {
    for (const id of [...this.#live.keys()]) this.#drop(id);
    for (const remove of this.#listeners) remove();
    this.#stopTimer();
  }

  #wait(until: number): void {
    this.#stopTimer();
    this.#stopTimer = () => {};
    if (until === Number.POSITIVE_INFINITY || this.#isAway) return;
    // At least 1 ms: a clock may be coarse, and too early must not become a busy loop.
    const delay = Math.max(1, Math.ceil(until - this.#platform.now()));
    this.#stopTimer = this.#platform.after(delay, () => {
      const isLate = this.#platform.now() - until > LATE;
      // Chunks that came during the pause are read before the time counts as silence.
      if (isLate) this.#stopTimer = this.#platform.after(GRACE, () => this.#timeOut());
      else this.#timeOut();
    });
  }

  #timeOut(): void {
    if (!this.#mayRead()) {
      // The silence is the page's own. The timer is set again when it reads on.
      this.#waiting.push(() => this.pump());
      return;
    }
    this.#core.timeout(this.#platform.now());
    this.pump();
  }

  #transmit(request: Request): void {
    const exchange = { id: request.id, request, controller: new AbortController(), isParked: false };
    this.#live.set(request.id, exchange);
    if (!this.#isAway && this.#canSend()) {
      void this.#run(exchange);
    } else if (request.method === "GET") {
      exchange.isParked = true;
    } else {
      // Nothing was sent, and this is certain, so it can be tried again.
      queueMicrotask(() => this.#fail(exchange, true, "there is no network"));
    }
  }

  #canSend(): boolean {
    return this.#isLoopback || this.#platform.isOnline();
  }

  #drop(id: number): void {
    this.#live.get(id)?.controller.abort();
    this.#live.delete(id);
  }

  #isLive(exchange: Exchange): boolean {
    return this.#live.get(exchange.id) === exchange;
  }

  async #run(exchange: Exchange): Promise<void> {
    const { id, request, controller } = exchange;
    try {
      const response = await this.#platform.fetch(request.url, {
        method: request.method,
        headers: request.headers.filter(([name]) => !BROWSERS_OWN.has(name)),
        body: request.method === "GET" ? null : request.body,
        signal: controller.signal,
        // Followed, a redirect would take the key elsewhere.
        redirect: "manual",
        credentials: "omit",
        cache: "no-store",
      });
      if (!this.#isLive(exchange)) return;
      this.#core.response(id, status(response), head(response), this.#platform.now());
      this.pump();
      const reader = response.body?.getReader();
      while (reader && this.#isLive(exchange)) {
        const { value, done } = await reader.read();
        if (done) break;
        if (!this.#isLive(exchange)) return;
        this.#core.body(id, value, this.#platform.now());
        this.pump();
        if (!this.#mayRead()) await new Promise<void>((resume) => this.#waiting.push(resume));
      }
      if (!this.#isLive(exchange)) return;
      this.#live.delete(id);
      this.#core.end(id, this.#platform.now());
      this.pump();
    } catch (error) {
      // A browser does not say whether a request that failed was sent.
      this.#fail(exchange, false, error instanceof Error ? error.message : String(error));
    }
  }

  #fail(exchange: Exchange, isNotSent: boolean, cause: string): void {
    if (!this.#isLive(exchange)) return;
    this.#live.delete(exchange.id);
    this.#core.failure(exchange.id, isNotSent, cause, this.#platform.now());
    this.pump();
  }

  /** The page is left. It may be shown again from the browser's cache, without its requests. */
  #leave(): void {
    this.#isAway = true;
    this.#stopTimer();
    for (const exchange of [...this.#live.values()]) {
      exchange.controller.abort();
      this.#fail(exchange, exchange.isParked, "the page was left");
    }
  }

  /** The page is shown again, or the network is back. */
  #comeBack(): void {
    this.#isAway = false;
    for (const exchange of this.#live.values()) {
      if (!exchange.isParked || !this.#canSend()) continue;
      exchange.isParked = false;
      void this.#run(exchange);
    }
    this.#core.timeout(this.#platform.now());
    this.#core.checkNow(this.#platform.now());
    this.pump();
  }
}

function status(response: Response): number {
  return response.type === "opaqueredirect" ? REDIRECT : response.status;
}

/**
 * The fields of a head. `content-encoding` is left out: a browser asks for encodings by itself,
 * and decodes them.
 */
function head(response: Response): [string, string][] {
  return JUDGED.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as [string, string]];
  });
}
