// A log that keeps its end in sight.

/** How near to the end counts as there, in pixels. */
const NEAR = 80;

export class Tail {
  #node;
  #isThere = true;

  constructor(node) {
    this.#node = node;
    // Who reads further up is left there.
    node.addEventListener("scroll", () => {
      this.#isThere = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
    });
    new ResizeObserver(() => this.keep()).observe(node);
  }

  /** After a change: shows the end where it was in sight before. */
  keep() {
    if (this.#isThere) this.show();
  }

  show() {
    this.#isThere = true;
    this.#node.scrollTop = this.#node.scrollHeight;
  }
}
