// Keeps the end of a log visible while the log grows, unless the user has scrolled up.

/** The distance that still counts as the end, in pixels. */
const NEAR = 80;

export class Tail {
  #node;
  #isAtEnd = true;
  #top = 0;

  constructor(node) {
    this.#node = node;
    node.addEventListener("scroll", () => this.#update());
    new ResizeObserver(() => this.keep()).observe(node);
  }

  /** Must be called after a change. Shows the end if it was visible before. */
  keep() {
    // The scroll event may not have arrived yet.
    this.#update();
    if (this.#isAtEnd) this.show();
  }

  show() {
    this.#isAtEnd = true;
    this.#node.scrollTop = this.#node.scrollHeight;
    this.#top = this.#node.scrollTop;
  }

  #update() {
    const { scrollHeight, scrollTop, clientHeight } = this.#node;
    // New content also moves the end away. Only scrolling up means that the user has left it.
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#isAtEnd = true;
    else if (scrollTop < this.#top) this.#isAtEnd = false;
    this.#top = scrollTop;
  }
}
