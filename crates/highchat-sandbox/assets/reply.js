// One reply, from its first word to how it ended.

import { part } from "/assets/log.js";

export class Reply {
  /** Whether it ended, however. */
  over = false;
  /** What came of it. */
  text = "";
  #log;
  #language;
  #watcher;
  #node;
  #text;
  #dots;

  /** `watcher` has `answered()` and `lookAgain()`. */
  constructor(log, language, watcher) {
    this.#log = log;
    this.#language = language;
    this.#watcher = watcher;
    this.#node = log.bubble("theirs", "bot");
    this.#text = this.#node.querySelector(".text");
    // Not read out word by word; the whole is, once it is there.
    this.#node.setAttribute("aria-live", "off");
    this.#node.setAttribute("aria-busy", "true");
    this.#dots = part(this.#node, "span", "dots");
    for (let n = 0; n < 3; n += 1) part(this.#dots, "i");
    log.keep();
  }

  append(text) {
    this.text += text;
    this.#text.append(text);
    this.#dots.remove();
    this.#log.keep();
  }

  done() {
    this.#finish();
    this.#watcher.answered();
  }

  /** A person answers in place of the bot; these are the service's words for it. */
  human(message) {
    if (this.text !== "") this.#finish();
    else this.remove();
    this.#log.notice(message, "person");
    this.#watcher.answered();
  }

  /** An `error` event. */
  fail(message) {
    this.#trouble("failed", message);
  }

  refuse({ sentence, status }) {
    const key = status < 400 ? "noReply" : "refused";
    this.#trouble("failed", sentence ?? this.#language.text(key, { status }));
  }

  /** Nobody knows whether the service got the message. */
  lost() {
    this.#trouble("failed", null, "lost");
  }

  /** `how` is `cut` or `stopped`. What is there is not the whole. */
  cut(how) {
    const trouble = this.#trouble(how === "cut" ? "part" : "stopped", null, how);
    if (how === "cut") this.#log.button(trouble, "checkAgain", () => this.#watcher.lookAgain());
  }

  /** The service had more to say than came; who stopped it does not want it. */
  complete(content) {
    if (this.#node.classList.contains("stopped")) return;
    this.text = content;
    this.#text.textContent = content;
    this.#node.querySelector(".trouble")?.remove();
    this.#node.classList.remove("part");
    this.done();
  }

  remove() {
    this.over = true;
    this.#node.remove();
  }

  #trouble(kind, sentence, key) {
    const trouble = part(this.#node, "div", "trouble");
    if (key) this.#log.words(trouble, "span", "", key);
    else part(trouble, "span", "", sentence).dir = "auto";
    this.#node.classList.add(kind);
    if (this.text === "") this.#text.remove();
    this.#finish();
    return trouble;
  }

  #finish() {
    this.over = true;
    this.#text.normalize();
    this.#dots.remove();
    this.#node.removeAttribute("aria-busy");
    this.#node.removeAttribute("aria-live");
    // To a screen reader this is a new message, and one that is whole.
    const place = document.createComment("");
    this.#node.replaceWith(place);
    place.replaceWith(this.#node);
    this.#log.keep();
  }
}
