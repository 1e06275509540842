// What goes on with a reload of the page, in this tab only.

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

  save(kept) {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // A reload begins anew then.
    }
  }

  clear() {
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // As above.
    }
  }
}
