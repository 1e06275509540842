// The API's three endpoints, by the public slug.

import { EventDecoder } from "/assets/sse.js";

/** How long the head of an answer, and any byte of it, may take, in milliseconds. */
const PATIENCE = 60_000;

/** How long a reply may bring nothing but pings. */
const PROGRESS = 300_000;

/** The events that end a reply. */
const LAST = ["done", "human", "error"];

/** An answer that is an error, with the service's own sentence where there is one. */
export class Refused extends Error {
  constructor(status, sentence, retryAfter) {
    super(sentence ?? `HTTP ${status}`);
    this.status = status;
    this.sentence = sentence;
    /** In milliseconds, if the service said. */
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
      // HTML or nothing: the status says it all.
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
   * Sends a message; yields the events of the reply as `{ event, data }`, the last of
   * them `done`, `human` or `error`. Where it just ends, the reply was cut. Throws
   * `Refused`, or whatever else went wrong: then nobody knows if the message arrived.
   */
  async *chat(message, conversationId, signal) {
    const body = { message };
    if (conversationId) body.conversation_id = conversationId;
    if (this.#visitor) body.visitor_ref = this.#visitor;
    const progress = new Patience(signal, PROGRESS);
    const patience = new Patience(progress.signal, PATIENCE);
    try {
      const response = await fetch(`/v1/chat?${this.#query}`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify(body),
        signal: patience.signal,
        redirect: "error",
        credentials: "omit",
      });
      const type = response.headers.get("content-type") ?? "";
      if (!response.ok || !type.startsWith("text/event-stream")) throw await Refused.from(response);
      const decoder = new EventDecoder();
      const reader = response.body.getReader();
      try {
        for (;;) {
          patience.renew();
          const { value, done } = await reader.read();
          for (const { event, data } of done ? decoder.finish() : decoder.push(value)) {
            const parsed = known(event, data);
            if (event !== "ping") progress.renew();
            if (parsed) yield { event, data: parsed };
            if (LAST.includes(event)) return;
          }
          if (done) return;
        }
      } finally {
        // What comes after the last event is of no use.
        reader.cancel().catch(() => {});
      }
    } finally {
      patience.end();
      progress.end();
    }
  }

  /** The messages after a time, or all: `{ state, messages }`. */
  async messages(id, after, signal) {
    const query = after !== null ? `${this.#query}&after=${encodeURIComponent(after)}` : this.#query;
    const page = await this.#ask(`${path(id)}/messages?${query}`, { signal }, (answer) => answer.json());
    return { state: page.state, messages: Array.isArray(page.messages) ? page.messages : [] };
  }

  /** Gives 1 or 0, and a comment where there is one; any success will do. */
  async rate(id, rating, comment) {
    const body = comment ? { rating, comment } : { rating };
    const options = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    await this.#ask(`${path(id)}/rating?${this.#query}`, options, (answer) => answer.text());
  }

  async #ask(url, options, read) {
    const patience = new Patience(options.signal, PATIENCE);
    try {
      const response = await fetch(url, {
        ...options,
        signal: patience.signal,
        redirect: "error",
        credentials: "omit",
        cache: "no-store",
      });
      if (!response.ok) throw await Refused.from(response);
      return await read(response);
    } finally {
      patience.end();
    }
  }
}

/** Gives up when a signal says so, or when it was not renewed for too long. */
class Patience {
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

/** The data of an event that the API has; broken JSON throws, as text would be lost. */
function known(event, data) {
  const text = { meta: "conversation_id", delta: "text", human: "message", error: "message" }[event];
  if (text) {
    const parsed = JSON.parse(data);
    if (typeof parsed?.[text] !== "string") throw new TypeError(`no ${text} in ${event}`);
    return parsed;
  }
  return event === "done" ? Object(JSON.parse(data)) : null;
}
