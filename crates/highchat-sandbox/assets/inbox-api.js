// A client for the HTTP API of the inbox.

const ROOT = "/sandbox/inbox";

/** The time before a refused feed is opened again, in milliseconds. */
const RETRY_DELAY = 3_000;

/** Watches all conversations. */
export class Inbox {
  #watcher;

  /**
   * `watcher` has `snapshot(conversations, ts)`, `changed(conversations, ts)` and
   * `connection(isUp)`.
   */
  constructor(watcher) {
    this.#watcher = watcher;
    this.#watch();
  }

  /** Returns `{ conversation, messages }`. */
  transcript(id) {
    return call(path(id));
  }

  /** Performs `take-over`, `reply`, `hand-back` or `close`. Returns the new transcript. */
  act(id, act, body) {
    return call(`${path(id)}/${act}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body ? JSON.stringify(body) : undefined,
    });
  }

  #watch() {
    const source = new EventSource(`${ROOT}/live`);
    source.addEventListener("open", () => this.#watcher.connection(true));
    for (const name of ["snapshot", "changed"]) {
      source.addEventListener(name, ({ data }) => {
        const { conversations, ts } = JSON.parse(data);
        this.#watcher[name](conversations, ts);
      });
    }
    source.addEventListener("error", () => {
      this.#watcher.connection(false);
      // The browser reconnects after a lost connection, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#watch(), RETRY_DELAY);
    });
  }
}

function path(id) {
  return `${ROOT}/${encodeURIComponent(id)}`;
}

/** Throws an `Error` with the service's message, or with an empty message. */
async function call(url, options = {}) {
  const response = await fetch(url, { ...options, cache: "no-store", redirect: "error" });
  const answer = await response.json().catch(() => null);
  if (!response.ok || !answer) throw new Error(answer?.error?.message ?? "");
  return answer;
}
