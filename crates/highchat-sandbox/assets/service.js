// A client for the three endpoints of the API. It authenticates with the public slug.

import { EventDecoder } from "/assets/sse.js";

/** The longest time without a byte of an answer, in milliseconds. */
const IDLE_TIMEOUT = 60_000;

/** The longest time without an event other than `ping`, in milliseconds. */
const PROGRESS_TIMEOUT = 300_000;

/** The events that end a reply. */
const LAST = ["done", "human", "error"];

/** An error answer, with the service's message if it has one. */
export class Refused extends Error {
  constructor(status, sentence, retryAfter) {
    super(sentence ?? `HTTP ${status}`);
    this.status = status;
    this.sentence = sentence;
    /** The time of `Retry-After` in milliseconds, or `null`. */
    this.retryAfter = retryAfter;
  }

  static async from(response) {
    const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    let sentence = null;
    try {
      const { error } = JSON.parse((await response.text()).slice(0, 65_536));
      const message = typeof error === "string" ? error : error?.message;
      if (typeof message === "string" && message !== "") sentence = message;
    } catch {
      // The body is HTML or empty. Only the status is known.
    }
    return new Refused(response.status, sentence, seconds > 0 ? seconds * 1000 : null);
  }
}

export class Service {
  #query;
  #visitor;

  constructor(slug, visitor) {
    this.#query = `slug=${encodeURIComponent(slug)}`;
    this.#visitor = visitor;
  }

  /**
   * Sends a message. Yields the events of the reply as `{ event, data }`. The last one is
   * `done`, `human` or `error`; without one the reply was cut. Throws `Refused` for an error
   * answer. After any other error the message may or may not have arrived.
   */
  async *chat(message, conversationId, signal) {
    const body = { message };
    if (conversationId) body.conversation_id = conversationId;
    if (this.#visitor) body.visitor_ref = this.#visitor;
    const progress = new Timeout(signal, PROGRESS_TIMEOUT);
    const idle = new Timeout(progress.signal, IDLE_TIMEOUT);
    try {
      const response = await fetch(`/v1/chat?${this.#query}`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify(body),
        signal: idle.signal,
        redirect: "error",
        credentials: "omit",
      });
      const type = response.headers.get("content-type") ?? "";
      if (!response.ok || !type.startsWith("text/event-stream")) throw await Refused.from(response);
      const decoder = new EventDecoder();
      const reader = response.body.getReader();
      try {
        for (;;) {
          idle.renew();
          const { value, done } = await reader.read();
          for (const { event, data } of done ? decoder.finish() : decoder.push(value)) {
            const parsed = parseData(event, data);
            if (event !== "ping") progress.renew();
            if (parsed) yield { event, data: parsed };
            if (LAST.includes(event)) return;
          }
          if (done) return;
        }
      } finally {
        // Nothing after the last event is needed.
        reader.cancel().catch(() => {});
      }
    } finally {
      idle.end();
      progress.end();
    }
  }

  /** Returns `{ state, messages }`, with all messages or only those after a time. */
  async messages(id, after, signal) {
    const query = after !== null ? `${this.#query}&after=${encodeURIComponent(after)}` : this.#query;
    const page = await this.#request(`${path(id)}/messages?${query}`, { signal }, (answer) => answer.json());
    return { state: page.state, messages: Array.isArray(page.messages) ? page.messages : [] };
  }

  /** Sends a rating of 1 or 0, with an optional comment. Accepts any successful status. */
  async rate(id, rating, comment) {
    const body = comment ? { rating, comment } : { rating };
    const options = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    await this.#request(`${path(id)}/rating?${this.#query}`, options, (answer) => answer.text());
  }

  async #request(url, options, read) {
    const idle = new Timeout(options.signal, IDLE_TIMEOUT);
    try {
      const response = await fetch(url, {
        ...options,
        signal: idle.signal,
        redirect: "error",
        credentials: "omit",
        cache: "no-store",
      });
      if (!response.ok) throw await Refused.from(response);
      return await read(response);
    } finally {
      idle.end();
    }
  }
}

/** Aborts its signal when another signal aborts, or when `renew` is not called in time. */
class Timeout {
  #limit;
  #controller = new AbortController();
  #timer;
  #outer;
  #stop = () => this.#controller.abort();

  constructor(outer, limit) {
    this.#outer = outer;
    this.#limit = limit;
    if (outer?.aborted) this.#stop();
    outer?.addEventListener("abort", this.#stop);
    this.renew();
  }

  get signal() {
    return this.#controller.signal;
  }

  renew() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#stop, this.#limit);
  }

  end() {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#stop);
  }
}

function path(id) {
  return `/v1/conversations/${encodeURIComponent(id)}`;
}

/** Parses the data of a known event. Throws for invalid JSON: text would be lost. */
function parseData(event, data) {
  const text = { meta: "conversation_id", delta: "text", human: "message", error: "message" }[event];
  if (text) {
    const parsed = JSON.parse(data);
    if (typeof parsed?.[text] !== "string") throw new TypeError(`no ${text} in ${event}`);
    return parsed;
  }
  return event === "done" ? Object(JSON.parse(data)) : null;
}
