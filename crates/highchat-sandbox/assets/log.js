// The messages and notices of a chat. Their texts are only used as text nodes, never as HTML.

import { Tail } from "/assets/tail.js";

/** The time after which new messages are read out by screen readers, in milliseconds. */
const ANNOUNCE_DELAY = 500;

export class Log {
  #node;
  #language;
  #tail;

  constructor(node, language) {
    this.#node = node;
    this.#language = language;
    this.#tail = new Tail(node);
  }

  /** Adds a message. Screen readers also get the name of its author. */
  message(side, author, text = "") {
    const node = document.createElement("div");
    node.className = `message ${side}`;
    part(node, "span", "unseen", this.#language.text(author)).dataset.text = author;
    part(node, "div", "text", text).dir = "auto";
    return this.#add(node);
  }

  /** Adds a notice with a text from the service. */
  notice(text, kind = "") {
    const node = document.createElement("div");
    node.className = `notice ${kind}`;
    part(node, "span", "", text).dir = "auto";
    return this.#add(node);
  }

  /** Adds a notice with a text of the page, in the page's language. */
  localNotice(key, kind) {
    const node = this.notice(this.#language.text(key), kind);
    node.firstElementChild.dataset.text = key;
    return node;
  }

  /** Adds a text of the page, in the page's language, at the end of a node. */
  localText(node, name, className, key) {
    const child = part(node, name, className, this.#language.text(key));
    child.dataset.text = key;
    return child;
  }

  button(node, key, onclick) {
    const button = this.localText(node, "button", "", key);
    button.type = "button";
    button.addEventListener("click", onclick);
    this.keep();
  }

  clear() {
    this.#node.replaceChildren();
  }

  /** Must be called when the log has grown. */
  keep() {
    this.#tail.keep();
  }

  showEnd() {
    this.#tail.show();
  }

  /** Sets whether screen readers read out new messages. */
  announce(isAnnounced) {
    if (!isAnnounced) this.#node.setAttribute("aria-live", "off");
    else setTimeout(() => this.#node.setAttribute("aria-live", "polite"), ANNOUNCE_DELAY);
  }

  #add(node) {
    this.#node.append(node);
    this.keep();
    return node;
  }
}

/** Adds a new element at the end of another. */
export function part(node, name, className, text = "") {
  const child = document.createElement(name);
  if (className) child.className = className;
  child.textContent = text;
  node.append(child);
  return child;
}
