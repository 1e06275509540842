// The control API of the person's side.

const ROOT = "/sandbox/inbox";

/** How long to wait before a feed that was refused is asked for again, in milliseconds. */
const AGAIN = 3_000;

/** Every conversation, live. */
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

  /** `{ conversation, messages }`. */
  transcript(id) {
    return call(path(id));
  }

  /** Does `take-over`, `reply`, `hand-back` or `close`; the transcript after it. */
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
      // A connection that was lost comes back by itself, a refused one does not.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#watch(), AGAIN);
    });
  }
}

function path(id) {
  return `${ROOT}/${encodeURIComponent(id)}`;
}

/** Throws an `Error` with the service's own sentence, or with none. */
async function call(url, options = {}) {
  const response = await fetch(url, { ...options, cache: "no-store", redirect: "error" });
  const answer = await response.json().catch(() => null);
  if (!response.ok || !answer) throw new Error(answer?.error?.message ?? "");
  return answer;
}
