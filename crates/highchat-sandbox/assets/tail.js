// A log that keeps its end in sight.

/** How near to the end counts as there, in pixels. */
const NEAR = 80;

export class Tail {
  #node;
  #isThere = true;
  #top = 0;

  constructor(node) {
    this.#node = node;
    node.addEventListener("scroll", () => this.#look());
    new ResizeObserver(() => this.keep()).observe(node);
  }

  /** After a change: shows the end where it was in sight before. */
  keep() {
    // The event of a scroll comes a frame after it.
    this.#look();
    if (this.#isThere) this.show();
  }

  show() {
    this.#isThere = true;
    this.#node.scrollTop = this.#node.scrollHeight;
    this.#top = this.#node.scrollTop;
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#node;
    // Only who goes up leaves the end; what comes in below moves it away as well.
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#isThere = true;
    else if (scrollTop < this.#top) this.#isThere = false;
    this.#top = scrollTop;
  }
}
