// The rating form: two thumbs and a comment.

export class Rating {
  #form;
  #language;
  #onrate;
  #ondone;
  #comment;
  #text;
  #thanks;
  #value = null;

  /** `onrate(value, comment)` sends the rating, and throws if that fails. */
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

  /** Clears the form. */
  reset() {
    this.#form.hidden = true;
    this.#comment.hidden = true;
    this.#text.value = "";
    this.#showStatus(null);
    this.#markThumb(null);
  }

  get #thumbs() {
    return this.#form.querySelectorAll("[data-rating]");
  }

  /** Sends a rating. The thumb is sent at once; a comment is sent later with the same thumb. */
  async #rate(value, comment) {
    this.#showStatus(null);
    try {
      await this.#onrate(value, comment);
      this.#markThumb(value);
      this.#showStatus("thanks");
      this.#comment.hidden = comment !== "";
      if (comment === "") this.#text.focus();
      else this.#ondone();
    } catch (error) {
      this.#showStatus("ratingFailed", error.sentence);
    }
  }

  #markThumb(value) {
    this.#value = value;
    for (const thumb of this.#thumbs) {
      thumb.setAttribute("aria-pressed", String(Number(thumb.dataset.rating) === value));
    }
  }

  #showStatus(key, sentence) {
    if (key && !sentence) this.#thanks.dataset.text = key;
    else delete this.#thanks.dataset.text;
    this.#thanks.textContent = sentence ?? (key ? this.#language.text(key) : "");
  }
}
