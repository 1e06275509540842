// The page where a person answers. Texts of messages are only used as text nodes, never as HTML.

import { Composer } from "/assets/composer.js";
import { Inbox } from "/assets/inbox-api.js";
import { badge, name, waitingText } from "/assets/entry.js";
import { Language } from "/assets/language.js";
import { List } from "/assets/list.js";
import { Tail } from "/assets/tail.js";

const element = (id) => document.getElementById(id);
const log = element("log");
/** The time after which new messages are read out by screen readers, in milliseconds. */
const ANNOUNCE_DELAY = 500;

const tail = new Tail(log);
const acts = { "take-over": element("take-over"), "hand-back": element("hand-back"), close: element("close") };

/** The id of the open conversation, and the ids of the messages that are shown. */
let open = null;
let shown = new Set();
/** Unsent texts, by the id of their conversation. */
const drafts = new Map();
let connected = null;
let reading = false;
let readAgain = false;
/** How far the sandbox's clock is ahead of the browser's, in milliseconds. */
let clockOffset = 0;

const language = new Language(() => {
  showAll();
  composer.count();
});

const list = new List({ root: element("list"), language, onopen: show });

const composer = new Composer({
  language,
  form: element("composer"),
  text: element("reply"),
  count: element("count"),
  send: element("send"),
  onsend: (text) => act("reply", { text }),
});

const inbox = new Inbox({
  snapshot(conversations, ts) {
    list.replace(conversations);
    arrived(conversations, ts);
  },
  changed(conversations, ts) {
    list.update(conversations);
    arrived(conversations, ts);
  },
  connection(isUp) {
    connected = isUp;
    showAll();
  },
});

for (const [name, button] of Object.entries(acts)) {
  button.addEventListener("click", () => act(name));
}
element("back").addEventListener("click", leave);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && open) leave();
});
document.body.dataset.view = "list";
setInterval(showTimes, 1000);
showAll();

function arrived(conversations, ts) {
  clockOffset = Date.parse(ts) - Date.now();
  if (open && !list.get(open)) leave();
  if (open && conversations.some(({ id }) => id === open)) read(open);
  showAll();
}

/** Opens a conversation. */
function show(id) {
  keepDraft();
  open = id;
  shown = new Set();
  log.setAttribute("aria-live", "off");
  log.replaceChildren();
  tail.show();
  element("trouble").textContent = "";
  element("reply").value = drafts.get(id) ?? "";
  document.body.dataset.view = "conversation";
  showAll();
  composer.count();
  read(id);
  element("name").focus();
}

/** Returns to the list. */
function leave() {
  keepDraft();
  const id = open;
  open = null;
  document.body.dataset.view = "list";
  showAll();
  list.focus(id);
}

function keepDraft() {
  if (open) drafts.set(open, element("reply").value);
}

/** Loads a conversation. If it is called again meanwhile, it loads once more afterwards. */
async function read(id) {
  if (reading) {
    readAgain = true;
    return;
  }
  reading = true;
  try {
    const { messages } = await inbox.transcript(id);
    if (id === open) {
      add(messages);
      setTimeout(() => log.setAttribute("aria-live", "polite"), ANNOUNCE_DELAY);
    }
  } catch (error) {
    if (id === open) fail(error);
  }
  reading = false;
  if (readAgain && open) {
    readAgain = false;
    read(open);
  }
}

async function act(name, body) {
  const id = open;
  const focused = document.activeElement;
  element("trouble").textContent = "";
  try {
    const { conversation, messages } = await inbox.act(id, name, body);
    list.update([conversation]);
    if (id === open) add(messages);
    showAll();
    // The button may be hidden now and have lost the focus.
    if (focused.hidden) (element("reply").disabled ? log : element("reply")).focus();
  } catch (error) {
    if (id !== open) {
      if (body) drafts.set(id, body.text);
      return;
    }
    if (body) composer.restore(body.text);
    fail(error);
  }
}

function fail(error) {
  element("trouble").textContent = error.message || language.text("failed");
}

function add(messages) {
  for (const { id, author, content, created_at: at } of messages) {
    if (shown.has(id)) continue;
    shown.add(id);
    const node = document.createElement("div");
    node.className = { user: "message theirs", bot: "message bot" }[author] ?? "message mine";
    const label = document.createElement("span");
    label.className = "unseen";
    label.dataset.text = author;
    label.textContent = language.text(author);
    const text = document.createElement("div");
    text.className = "text";
    text.dir = "auto";
    text.textContent = content;
    const time = document.createElement("small");
    time.dataset.at = at;
    time.dataset.author = author;
    node.append(label, text, time);
    log.append(node);
  }
  showStamps();
  tail.keep();
}

function showAll() {
  const waiting = list.show(open, Date.now() + clockOffset);
  element("empty").hidden = list.size > 0;
  setText("waiting", waiting > 0 ? language.text("waitingCount", { count: waiting }) : language.text("nobodyWaits"));
  document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${language.text("inboxTitle")} · HighChat`;
  // The connection has no state before the first event.
  setText("connection", connected === null ? "…" : language.text(connected ? "live" : "reconnecting"));
  element("connection").classList.toggle("bad", connected === false);
  const entry = open && list.get(open);
  element("choose").hidden = Boolean(entry);
  element("open").hidden = !entry;
  if (!entry) return;
  const { key, kind } = badge(entry);
  element("name").textContent = name(entry, language);
  element("badge").textContent = language.text(key);
  element("badge").className = `badge ${kind}`;
  const closed = entry.state === "closed";
  acts["take-over"].hidden = entry.taken_over || closed;
  acts["hand-back"].hidden = entry.state === "bot" || closed;
  acts.close.hidden = closed;
  composer.enable(!closed);
  const hint = closed ? "replyClosed" : entry.taken_over ? "keys" : "replyTakesOver";
  setText("hint", language.text(hint));
  showRating(entry.rating);
  showStamps();
  showTimes();
}

function showRating(rating) {
  element("rated").hidden = !rating;
  if (!rating) return setText("rated", "");
  const thumb = language.text(rating.rating === 1 ? "ratedUp" : "ratedDown");
  const comment = rating.comment ? ` — ${rating.comment}` : "";
  setText("rated", `${language.text("rating")}: ${thumb}${comment}`);
  element("rated").classList.toggle("down", rating.rating !== 1);
}

/** Shows the time and the author of each message. */
function showStamps() {
  const format = new Intl.DateTimeFormat(language.name, { hour: "2-digit", minute: "2-digit" });
  const authors = { bot: "badgeBot", person: "badgeHuman" };
  for (const node of log.querySelectorAll("[data-at]")) {
    const author = authors[node.dataset.author];
    const time = format.format(new Date(node.dataset.at));
    node.textContent = author ? `${language.text(author)} · ${time}` : time;
  }
}

/** Shows the waiting times, which change every second. */
function showTimes() {
  const now = Date.now() + clockOffset;
  list.showTimes(now);
  const entry = open && list.get(open);
  element("since").textContent = entry ? waitingText(entry, now, language) : "";
}

function setText(id, words) {
  // Setting the same text again would make a screen reader read it again.
  if (element(id).textContent !== words) element(id).textContent = words;
}
