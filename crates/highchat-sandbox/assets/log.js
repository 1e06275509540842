// The messages and notices of a chat. Whatever they say only ever becomes text nodes.

import { Tail } from "/assets/tail.js";

/** How long after a log was filled additions to it are read out, in milliseconds. */
const QUIET = 500;

export class Log {
  #node;
  #language;
  #tail;

  constructor(node, language) {
    this.#node = node;
    this.#language = language;
    this.#tail = new Tail(node);
  }

  /** A message, with the name of its author for those who do not see its side. */
  bubble(side, author, text = "") {
    const node = document.createElement("div");
    node.className = `message ${side}`;
    part(node, "span", "unseen", this.#language.text(author)).dataset.text = author;
    part(node, "div", "text", text).dir = "auto";
    return this.#add(node);
  }

  /** A line about the conversation, in the service's words. */
  notice(text, kind = "") {
    const node = document.createElement("div");
    node.className = `notice ${kind}`;
    part(node, "span", "", text).dir = "auto";
    return this.#add(node);
  }

  /** The same in the page's own words, which follow its language. */
  remark(key, kind) {
    const node = this.notice(this.#language.text(key), kind);
    node.firstElementChild.dataset.text = key;
    return node;
  }

  /** Words of the page's own at the end of a node. */
  words(node, name, className, key) {
    const child = part(node, name, className, this.#language.text(key));
    child.dataset.text = key;
    return child;
  }

  button(node, key, onclick) {
    const button = this.words(node, "button", "", key);
    button.type = "button";
    button.addEventListener("click", onclick);
    this.keep();
  }

  clear() {
    this.#node.replaceChildren();
  }

  /** After something in it grew. */
  keep() {
    this.#tail.keep();
  }

  showEnd() {
    this.#tail.show();
  }

  /** Whether what comes in is read out. */
  readOut(isReadOut) {
    if (!isReadOut) this.#node.setAttribute("aria-live", "off");
    else setTimeout(() => this.#node.setAttribute("aria-live", "polite"), QUIET);
  }

  #add(node) {
    this.#node.append(node);
    this.keep();
    return node;
  }
}

/** A new element at the end of another. */
export function part(node, name, className, text = "") {
  const child = document.createElement(name);
  if (className) child.className = className;
  child.textContent = text;
  node.append(child);
  return child;
}
