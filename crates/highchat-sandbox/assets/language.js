// Which language a page speaks.

import { TEXTS } from "/assets/texts.js";

const KEPT = "highchat:language";

export class Language {
  #name;
  #changed;

  /** `changed` is called at each switch, for what was made of texts by hand. */
  constructor(changed = () => {}) {
    this.#changed = changed;
    this.#name = kept() ?? preferred();
    for (const button of document.querySelectorAll("[data-language]")) {
      button.addEventListener("click", () => this.switch(button.dataset.language));
    }
    this.apply();
  }

  get name() {
    return this.#name;
  }

  switch(name) {
    this.#name = name;
    try {
      localStorage.setItem(KEPT, name);
    } catch {
      // It lasts as long as the page then.
    }
    this.apply();
    this.#changed();
  }

  text(key, values = {}) {
    return TEXTS[this.#name][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  /** Puts the texts where `data-text`, `data-label` and `data-placeholder` ask for them. */
  apply(root = document) {
    document.documentElement.lang = this.#name;
    for (const node of root.querySelectorAll("[data-text]")) {
      node.textContent = this.text(node.dataset.text);
    }
    for (const node of root.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", this.text(node.dataset.label));
    }
    for (const node of root.querySelectorAll("[data-placeholder]")) {
      node.placeholder = this.text(node.dataset.placeholder);
    }
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === this.#name));
    }
  }
}

function kept() {
  try {
    const name = localStorage.getItem(KEPT);
    return Object.hasOwn(TEXTS, name) ? name : null;
  } catch {
    return null;
  }
}

function preferred() {
  const names = (navigator.languages ?? []).map((name) => name.slice(0, 2).toLowerCase());
  return names.find((name) => Object.hasOwn(TEXTS, name)) ?? "en";
}
