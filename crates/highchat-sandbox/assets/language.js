// The language of a page.

import { TEXTS } from "/assets/texts.js";

const STORAGE_KEY = "highchat:language";

export class Language {
  #name;
  #changed;

  /** `changed` is called after each switch, to update texts that have no `data-text`. */
  constructor(changed = () => {}) {
    this.#changed = changed;
    this.#name = stored() ?? preferred();
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
      localStorage.setItem(STORAGE_KEY, name);
    } catch {
      // Without storage the choice is lost when the page closes.
    }
    this.apply();
    this.#changed();
  }

  text(key, values = {}) {
    return TEXTS[this.#name][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  /** Fills in the texts of `data-text`, `data-label` and `data-placeholder`. */
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

function stored() {
  try {
    const name = localStorage.getItem(STORAGE_KEY);
    return Object.hasOwn(TEXTS, name) ? name : null;
  } catch {
    return null;
  }
}

function preferred() {
  const names = (navigator.languages ?? []).map((name) => name.slice(0, 2).toLowerCase());
  return names.find((name) => Object.hasOwn(TEXTS, name)) ?? "en";
}
