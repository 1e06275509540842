// Stores the conversation for a reload of the page, in this tab only.

export class Store {
  #key;

  constructor(slug) {
    this.#key = `highchat:conversation:${slug}`;
  }

  load() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key));
    } catch {
      return null;
    }
  }

  save(value) {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(value));
    } catch {
      // Without storage a reload begins a new conversation.
    }
  }

  clear() {
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // Without storage there is nothing to remove.
    }
  }
}
