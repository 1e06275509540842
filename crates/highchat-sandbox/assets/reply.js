// One reply on the chat page, from its first word to its end.

import { part } from "/assets/log.js";

export class Reply {
  /** Whether the reply has ended, in any way. */
  over = false;
  /** The text so far. */
  text = "";
  #log;
  #watcher;
  #node;
  #text;
  #dots;
  #search;

  /** `watcher` has `answered()`. */
  constructor(log, watcher) {
    this.#log = log;
    this.#watcher = watcher;
    this.#node = log.message("theirs", "bot");
    this.#text = this.#node.querySelector(".text");
    // A screen reader reads the reply once when it is complete, not word by word.
    this.#node.setAttribute("aria-live", "off");
    this.#node.setAttribute("aria-busy", "true");
    this.#dots = part(this.#node, "span", "dots");
    for (let n = 0; n < 3; n += 1) part(this.#dots, "i");
    log.keep();
  }

  append(text) {
    this.#search?.remove();
    this.text += text;
    this.#text.append(text);
    this.#dots.remove();
    this.#log.keep();
  }

  /** The whole text of a reply that was cut. */
  complete(text) {
    this.append("");
    this.text = text;
    this.#text.textContent = text;
  }

  done() {
    this.#finish();
    this.#watcher.answered();
  }

  /** A person answers instead of the bot. `message` is the service's text about it. */
  human(message) {
    if (this.text !== "") this.#finish();
    else this.remove();
    this.#log.notice(message, "person");
    this.#watcher.answered();
  }

  /** There is no reply, or no more of it. `message` says why. */
  fail(message) {
    this.#showProblem("failed", message);
  }

  /** The reply was cut, and the rest of it is searched for. */
  search() {
    this.#search = part(this.#node, "div", "trouble");
    this.#log.localText(this.#search, "span", "", "searching");
    this.#log.keep();
  }

  /** The message may or may not have arrived. */
  lost() {
    this.#showProblem("failed", null, "lost");
  }

  /** Only a part of the reply arrived. `how` is `cut` or `stopped`. */
  cut(how) {
    this.#showProblem(how === "cut" ? "part" : "stopped", null, how);
  }

  remove() {
    this.over = true;
    this.#node.remove();
  }

  #showProblem(kind, sentence, key) {
    const problem = part(this.#node, "div", "trouble");
    if (key) this.#log.localText(problem, "span", "", key);
    else part(problem, "span", "", sentence).dir = "auto";
    this.#node.classList.add(kind);
    if (this.text === "") this.#text.remove();
    this.#finish();
  }

  #finish() {
    this.over = true;
    this.#text.normalize();
    this.#dots.remove();
    this.#search?.remove();
    this.#node.removeAttribute("aria-busy");
    this.#node.removeAttribute("aria-live");
    // Removing and inserting the node makes a screen reader read the complete reply.
    const place = document.createComment("");
    this.#node.replaceWith(place);
    place.replaceWith(this.#node);
    this.#log.keep();
  }
}
