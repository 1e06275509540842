// Two thumbs and a comment.

export class Rating {
  #form;
  #language;
  #onrate;
  #ondone;
  #comment;
  #text;
  #thanks;
  #value = null;

  /** `onrate(value, comment)` sends it, and throws where that failed. */
  constructor({ form, language, onrate, ondone }) {
    this.#form = form;
    this.#language = language;
    this.#onrate = onrate;
    this.#ondone = ondone;
    this.#comment = form.querySelector("#comment");
    this.#text = form.querySelector("#comment-text");
    this.#thanks = form.querySelector("#thanks");
    for (const thumb of this.#thumbs) {
      thumb.addEventListener("click", () => this.#rate(Number(thumb.dataset.rating), ""));
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#rate(this.#value, this.#text.value.trim());
    });
  }

  show() {
    this.#form.hidden = false;
  }

  /** As before anything was rated. */
  reset() {
    this.#form.hidden = true;
    this.#comment.hidden = true;
    this.#text.value = "";
    this.#say(null);
    this.#press(null);
  }

  get #thumbs() {
    return this.#form.querySelectorAll("[data-rating]");
  }

  /** The thumb counts at once; a comment is sent after it, with the same thumb. */
  async #rate(value, comment) {
    this.#say(null);
    try {
      await this.#onrate(value, comment);
      this.#press(value);
      this.#say("thanks");
      this.#comment.hidden = comment !== "";
      if (comment === "") this.#text.focus();
      else this.#ondone();
    } catch (error) {
      this.#say("ratingFailed", error.sentence);
    }
  }

  #press(value) {
    this.#value = value;
    for (const thumb of this.#thumbs) {
      thumb.setAttribute("aria-pressed", String(Number(thumb.dataset.rating) === value));
    }
  }

  #say(key, sentence) {
    if (key && !sentence) this.#thanks.dataset.text = key;
    else delete this.#thanks.dataset.text;
    this.#thanks.textContent = sentence ?? (key ? this.#language.text(key) : "");
  }
}
