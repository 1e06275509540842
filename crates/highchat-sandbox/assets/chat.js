// The page where a user chats. Texts from the service only ever become text nodes.

import { Composer } from "/assets/composer.js";
import { Conversation } from "/assets/conversation.js";
import { Language } from "/assets/language.js";
import { Service } from "/assets/service.js";
import { Tail } from "/assets/tail.js";

const STATES = {
  bot: "stateBot",
  pending_human: "statePending",
  human: "stateHuman",
  closed: "stateClosed",
};

/** How long after a log was filled additions to it are read out, in milliseconds. */
const QUIET = 500;

const log = document.getElementById("log");
const tail = new Tail(log);
const status = document.getElementById("status");
const rating = document.getElementById("rating");
const comment = document.getElementById("comment");
const commentText = document.getElementById("comment-text");
const thanks = document.getElementById("thanks");

const slug = decodeURIComponent(location.pathname.slice("/c/".length));
const visitor = new URLSearchParams(location.search).get("visitor");

let state = "bot";
let connected = true;
let rated = null;

const language = new Language(() => {
  showStatus();
  composer.count();
});

/** What goes on with a reload of the page, in this tab only. */
const store = {
  key: `highchat:conversation:${slug}`,
  load() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key));
    } catch {
      return null;
    }
  },
  save(kept) {
    try {
      sessionStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // A reload begins anew then.
    }
  },
  clear() {
    try {
      sessionStorage.removeItem(this.key);
    } catch {
      // As above.
    }
  },
};

/** One reply, from its first word to how it ended. */
class Reply {
  over = false;
  text = "";
  #node = bubble("theirs", "bot");
  #text = part(this.#node, "div", "text");
  #dots = part(this.#node, "span", "dots");

  constructor() {
    // Not read out word by word; the whole is, once it is there.
    this.#node.setAttribute("aria-live", "off");
    this.#node.setAttribute("aria-busy", "true");
    for (let n = 0; n < 3; n += 1) part(this.#dots, "i");
    this.#text.dir = "auto";
    add(this.#node);
  }

  append(text) {
    this.text += text;
    this.#text.append(text);
    this.#dots.remove();
    tail.keep();
  }

  done() {
    this.#finish();
    rating.hidden = false;
  }

  /** A person answers in place of the bot; these are the service's words for it. */
  human(message) {
    if (this.text !== "") this.#finish();
    else this.remove();
    add(notice(message, "person"));
    rating.hidden = false;
  }

  fail(message) {
    this.#trouble("failed", message);
  }

  refuse({ sentence, status }) {
    this.#trouble("failed", sentence ?? language.text("refused", { status }));
  }

  /** Nobody knows whether the service got the message. */
  lost() {
    this.#trouble("failed", null, "lost");
  }

  /** `how` is `cut` or `stopped`. What is there is not the whole. */
  cut(how) {
    const trouble = this.#trouble(how === "cut" ? "part" : "stopped", null, how);
    if (how !== "cut" || !conversation.id) return;
    const button = part(trouble, "button");
    button.type = "button";
    button.dataset.text = "checkAgain";
    button.textContent = language.text("checkAgain");
    button.addEventListener("click", () => conversation.recover());
  }

  /** The service had more to say than came; who stopped it does not want it. */
  complete(content) {
    if (this.#node.classList.contains("stopped")) return;
    this.text = content;
    this.#text.textContent = content;
    this.#node.querySelector(".trouble")?.remove();
    this.#node.classList.remove("part");
    this.#finish();
  }

  remove() {
    this.over = true;
    this.#node.remove();
  }

  #trouble(kind, sentence, key) {
    const trouble = part(this.#node, "div", "trouble");
    trouble.dir = "auto";
    const words = part(trouble, "span");
    if (key) words.dataset.text = key;
    words.textContent = sentence ?? language.text(key);
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
    tail.keep();
  }
}

const view = {
  sent(text) {
    const node = bubble("mine", "you");
    const words = part(node, "div", "text");
    words.dir = "auto";
    words.textContent = text;
    add(node);
    tail.show();
    return {
      refuse() {
        node.classList.add("refused");
        const fate = part(node, "span", "fate");
        fate.dataset.text = "notSent";
        fate.textContent = language.text("notSent");
        composer.give(text);
      },
    };
  },
  reply: () => new Reply(),
  message(text, author) {
    const node = bubble("theirs", author);
    if (author === "person") node.classList.add("person");
    const words = part(node, "div", "text");
    words.dir = "auto";
    words.textContent = text;
    add(node);
    rating.hidden = false;
  },
  notice: (text) => add(notice(text)),
  gone() {
    const node = notice(null, null, "gone");
    const button = part(node, "button");
    button.type = "button";
    button.dataset.text = "newConversation";
    button.textContent = language.text("newConversation");
    button.addEventListener("click", begin);
    add(node);
  },
  moved(before, now) {
    const attended = before === "human" || before === "pending_human";
    if (now === "human") add(notice(null, "person", "joined"));
    if (now === "pending_human") add(notice(null, "person", "called"));
    if (now === "bot" && attended) add(notice(null, "bot", "botBack"));
    if (now === "closed") {
      add(notice(null, null, "closed"));
      rating.hidden = false;
    }
  },
  state(now) {
    state = now;
    showStatus();
  },
  connection(now) {
    connected = now;
    showStatus();
  },
  busy: (busy) => composer.busy(busy),
  /** What was said before comes in at once, and is not read out again. */
  restoring(restoring) {
    composer.enable(!restoring);
    if (restoring) log.setAttribute("aria-live", "off");
    else setTimeout(() => log.setAttribute("aria-live", "polite"), QUIET);
  },
};

const composer = new Composer({
  language,
  form: document.getElementById("composer"),
  text: document.getElementById("message"),
  count: document.getElementById("count"),
  send: document.getElementById("send"),
  stop: document.getElementById("stop"),
  onsend: (text) => conversation.send(text),
  onstop: () => conversation.stop(),
});
const conversation = new Conversation(new Service(slug, visitor), store, view);

document.getElementById("new").addEventListener("click", begin);
addEventListener("online", () => conversation.hurry());

for (const thumb of rating.querySelectorAll("[data-rating]")) {
  thumb.addEventListener("click", () => rate(Number(thumb.dataset.rating), ""));
}
rating.addEventListener("submit", (event) => {
  event.preventDefault();
  rate(rated, commentText.value.trim());
});

showStatus();
greet();
conversation.restore();

function greet() {
  add(notice(null, null, "greeting"));
}

function begin() {
  conversation.forget();
  log.replaceChildren();
  rating.hidden = true;
  comment.hidden = true;
  commentText.value = "";
  press(null);
  say("");
  greet();
  composer.focus();
}

/** The thumb counts at once; a comment is sent after it, with the same thumb. */
async function rate(value, words) {
  say("");
  try {
    await conversation.rate(value, words);
    press(value);
    say("thanks");
    comment.hidden = words !== "";
    if (words === "") commentText.focus();
    else composer.focus();
  } catch (error) {
    say("ratingFailed", error.sentence);
  }
}

function press(value) {
  rated = value;
  for (const thumb of rating.querySelectorAll("[data-rating]")) {
    thumb.setAttribute("aria-pressed", String(Number(thumb.dataset.rating) === value));
  }
}

function say(key, sentence) {
  if (key && !sentence) thanks.dataset.text = key;
  else delete thanks.dataset.text;
  thanks.textContent = sentence ?? (key ? language.text(key) : "");
}

function showStatus() {
  const words = language.text(connected ? STATES[state] : "reconnecting");
  // The same words again would be read out again.
  if (status.textContent !== words) status.textContent = words;
  status.dataset.state = connected ? state : "reconnecting";
}

function bubble(side, author) {
  const node = document.createElement("div");
  node.className = `message ${side}`;
  const label = part(node, "span", "unseen");
  label.dataset.text = author;
  label.textContent = language.text(author);
  return node;
}

function notice(text, kind, key) {
  const node = document.createElement("div");
  node.className = kind ? `notice ${kind}` : "notice";
  const words = part(node, "span");
  words.dir = "auto";
  if (key) words.dataset.text = key;
  words.textContent = key ? language.text(key) : text;
  return node;
}

function part(node, name, className) {
  const child = document.createElement(name);
  if (className) child.className = className;
  node.append(child);
  return child;
}

function add(node) {
  log.append(node);
  tail.keep();
}
