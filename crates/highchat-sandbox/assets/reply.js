// One reply on the chat page, from its first word to its end.

import { part } from "/assets/log.js";

export class Reply {
  /** Whether the reply has ended, in any way. */
  over = false;
  /** The text so far. */
  text = "";
  #log;
  #language;
  #watcher;
  #node;
  #text;
  #dots;

  /** `watcher` has `answered()` and `recover()`. */
  constructor(log, language, watcher) {
    this.#log = log;
    this.#language = language;
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
    this.text += text;
    this.#text.append(text);
    this.#dots.remove();
    this.#log.keep();
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

  /** Handles an `error` event. */
  fail(message) {
    this.#showProblem("failed", message);
  }

  refuse({ sentence, status }) {
    const key = status < 400 ? "noReply" : "refused";
    this.#showProblem("failed", sentence ?? this.#language.text(key, { status }));
  }

  /** The message may or may not have arrived. */
  lost() {
    this.#showProblem("failed", null, "lost");
  }

  /** Only a part of the reply arrived. `how` is `cut` or `stopped`. */
  cut(how) {
    const problem = this.#showProblem(how === "cut" ? "part" : "stopped", null, how);
    if (how === "cut") this.#log.button(problem, "checkAgain", () => this.#watcher.recover());
  }

  /** Shows the complete text of a cut reply. A reply that the user stopped stays as it is. */
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

  #showProblem(kind, sentence, key) {
    const problem = part(this.#node, "div", "trouble");
    if (key) this.#log.localText(problem, "span", "", key);
    else part(problem, "span", "", sentence).dir = "auto";
    this.#node.classList.add(kind);
    if (this.text === "") this.#text.remove();
    this.#finish();
    return problem;
  }

  #finish() {
    this.over = true;
    this.#text.normalize();
    this.#dots.remove();
    this.#node.removeAttribute("aria-busy");
    this.#node.removeAttribute("aria-live");
    // Removing and inserting the node makes a screen reader read the complete reply.
    const place = document.createComment("");
    this.#node.replaceWith(place);
    place.replaceWith(this.#node);
    this.#log.keep();
  }
}
