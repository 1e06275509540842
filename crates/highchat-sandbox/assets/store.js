// Stores the conversation for a reload of the page, in this tab only.

/** How many messages are shown again after a reload. */
const MAX_LINES = 200;

export class Store {
  #key;
  #saved = null;
  #lines = [];
  #part = "";

  constructor(slug) {
    this.#key = `highchat:conversation:${slug}`;
  }

  /**
   * Returns what the session saved, or `null`, the messages that were shown, and the part of a
   * reply that did not end.
   */
  load() {
    try {
      const { saved, lines, part = "" } = JSON.parse(sessionStorage.getItem(this.#key));
      const isLine = ({ side, author, text }) => [side, author, text].every((it) => typeof it === "string");
      if (typeof saved === "string" && typeof part === "string" && lines.every(isLine)) {
        this.#saved = saved;
        this.#lines = lines;
        this.#part = part;
      }
    } catch {
      // Nothing is stored, or nothing that this page wrote.
    }
    return { saved: this.#saved, lines: this.#lines, part: this.#part };
  }

  /** Adds a message: its side of the log, its author and its text. */
  add(line) {
    this.#lines = [...this.#lines, line].slice(-MAX_LINES);
    this.#write();
  }

  save(saved, part) {
    this.#saved = saved;
    this.#part = part;
    this.#write();
  }

  clear() {
    this.#saved = null;
    this.#lines = [];
    this.#part = "";
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // Without storage there is nothing to remove.
    }
  }

  #write() {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify({ saved: this.#saved, lines: this.#lines, part: this.#part }));
    } catch {
      // Without storage a reload begins a new conversation.
    }
  }
}
