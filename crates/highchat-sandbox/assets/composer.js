// The text field with its send button.

/** The API's limit, in characters. */
const MAX = 4000;

/** The number of characters left from which the count is shown. */
const COUNT_FROM = 400;

export class Composer {
  #parts;
  #busy = false;
  #enabled = true;

  /** `stop` and `onstop` are optional. */
  constructor(parts) {
    this.#parts = parts;
    const { form, text, stop, onstop } = parts;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    text.addEventListener("input", () => this.count());
    text.addEventListener("keydown", (event) => {
      // Enter in an input method chooses a word. Safari reports it with the key code 229.
      if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
      if (event.shiftKey || event.altKey) return;
      event.preventDefault();
      this.#send();
    });
    stop?.addEventListener("click", onstop);
    this.count();
  }

  /** While a reply streams, the next message can be written but not sent. */
  busy(busy) {
    const { send, stop, text } = this.#parts;
    const focused = document.activeElement === send || document.activeElement === stop;
    this.#busy = busy;
    send.hidden = busy;
    stop.hidden = !busy;
    // The button that had the focus is hidden now.
    if (focused) text.focus();
    this.count();
  }

  enable(enabled) {
    this.#enabled = enabled;
    this.#parts.text.disabled = !enabled;
    this.count();
  }

  /** Puts a text back that was not sent, unless the user has written another text. */
  restore(text) {
    if (this.#parts.text.value !== "") return;
    this.#parts.text.value = text;
    this.count();
  }

  focus() {
    this.#parts.text.focus();
  }

  /** Updates the count, the send button and the height of the field. */
  count() {
    const { text, count, send, language } = this.#parts;
    const left = MAX - [...text.value].length;
    const key = left < 0 ? "over" : "left";
    const words = left <= COUNT_FROM ? language.text(key, { count: Math.abs(left) }) : "";
    if (count.textContent !== words) count.textContent = words;
    count.classList.toggle("bad", left < 0);
    text.setAttribute("aria-invalid", String(left < 0));
    send.disabled = !this.#ready();
    // As high as its lines, up to the maximum height of the style sheet.
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
  }

  #ready() {
    const { value } = this.#parts.text;
    return this.#enabled && !this.#busy && value.trim() !== "" && [...value].length <= MAX;
  }

  #send() {
    if (!this.#ready()) return;
    const { text, onsend } = this.#parts;
    const { value } = text;
    text.value = "";
    this.count();
    onsend(value);
  }
}
