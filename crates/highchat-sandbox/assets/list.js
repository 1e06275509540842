// The list of conversations. Users who wait come first.

import { badge, name, waitingText } from "/assets/entry.js";

const MOVES = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

export class List {
  #root;
  #language;
  #onopen;
  #entries = new Map();
  #nodes = new Map();

  constructor({ root, language, onopen }) {
    this.#root = root;
    this.#language = language;
    this.#onopen = onopen;
    root.addEventListener("keydown", (event) => this.#move(event));
  }

  get size() {
    return this.#entries.size;
  }

  get(id) {
    return this.#entries.get(id);
  }

  replace(entries) {
    this.#entries.clear();
    this.update(entries);
  }

  update(entries) {
    for (const entry of entries) this.#entries.set(entry.id, entry);
  }

  /** Moves the focus to a conversation, or to the first one. */
  focus(id) {
    (this.#nodes.get(id) ?? this.#root.firstElementChild)?.querySelector("button").focus();
  }

  /** Shows all conversations and marks `open` as open. Returns how many users wait. */
  show(open, now) {
    const entries = [...this.#entries.values()].sort(order);
    // Moving a node takes the focus from it.
    const focused = this.#root.contains(document.activeElement) ? document.activeElement : null;
    for (const [id, node] of this.#nodes) {
      if (this.#entries.has(id)) continue;
      node.remove();
      this.#nodes.delete(id);
    }
    entries.forEach((entry, place) => {
      const node = this.#nodes.get(entry.id) ?? this.#add(entry.id);
      this.#fill(node, entry, entry.id === open);
      if (this.#root.children[place] !== node) {
        this.#root.insertBefore(node, this.#root.children[place] ?? null);
      }
    });
    if (focused?.isConnected && document.activeElement !== focused) focused.focus();
    this.showTimes(now);
    return entries.filter((entry) => entry.waiting_since).length;
  }

  /** Updates the waiting times. */
  showTimes(now) {
    for (const [id, node] of this.#nodes) {
      const words = waitingText(this.#entries.get(id), now, this.#language);
      setText(node, ".time", words);
    }
  }

  #add(id) {
    const node = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => this.#onopen(id));
    for (const part of ["name", "badge", "last", "time"]) {
      const span = document.createElement("span");
      span.className = part;
      if (part === "name" || part === "last") span.dir = "auto";
      button.append(span);
    }
    node.append(button);
    this.#nodes.set(id, node);
    return node;
  }

  #fill(node, entry, isOpen) {
    const { key, kind } = badge(entry);
    const thumb = { 1: " 👍", 0: " 👎" }[entry.rating?.rating] ?? "";
    setText(node, ".name", name(entry, this.#language) + thumb);
    setText(node, ".badge", this.#language.text(key));
    setText(node, ".last", entry.last_message?.content ?? "");
    node.querySelector(".badge").className = `badge ${kind}`;
    node.classList.toggle("waits", Boolean(entry.waiting_since));
    node.querySelector("button").setAttribute("aria-current", String(isOpen));
  }

  #move(event) {
    const step = MOVES[event.key];
    const buttons = [...this.#root.querySelectorAll("button")];
    const place = buttons.indexOf(document.activeElement);
    if (step === undefined || place < 0) return;
    event.preventDefault();
    buttons[Math.min(Math.max(place + step, 0), buttons.length - 1)].focus();
  }
}

function setText(node, selector, words) {
  const part = node.querySelector(selector);
  if (part.textContent !== words) part.textContent = words;
}

/** The longest waiting users come first, then the newest messages. */
function order(a, b) {
  if (a.waiting_since && b.waiting_since) return compare(a.waiting_since, b.waiting_since);
  if (a.waiting_since || b.waiting_since) return a.waiting_since ? -1 : 1;
  return compare(b.last_message?.created_at ?? "", a.last_message?.created_at ?? "");
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
