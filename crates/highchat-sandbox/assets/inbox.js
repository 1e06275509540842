// The page where a person answers. Texts of messages only ever become text nodes.

import { Composer } from "/assets/composer.js";
import { Inbox } from "/assets/inbox-api.js";
import { badge, name, waited } from "/assets/entry.js";
import { Language } from "/assets/language.js";
import { List } from "/assets/list.js";
import { Tail } from "/assets/tail.js";

const element = (id) => document.getElementById(id);
const log = element("log");
/** How long after a log was filled additions to it are read out, in milliseconds. */
const QUIET = 500;

const tail = new Tail(log);
const acts = { "take-over": element("take-over"), "hand-back": element("hand-back"), close: element("close") };

/** The conversation that is open, and the ids of its messages that are shown. */
let open = null;
let shown = new Set();
/** What was written in a conversation and not sent, by its id. */
const drafts = new Map();
let connected = null;
let reading = false;
let again = false;
/** How far the sandbox's clock is ahead of this one, in milliseconds. */
let ahead = 0;

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
  ahead = Date.parse(ts) - Date.now();
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

/** Back to the list. */
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

/** Reads a conversation; what is asked for meanwhile is read once, after it. */
async function read(id) {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  try {
    const { messages } = await inbox.transcript(id);
    if (id === open) {
      add(messages);
      setTimeout(() => log.setAttribute("aria-live", "polite"), QUIET);
    }
  } catch (error) {
    if (id === open) fail(error);
  }
  reading = false;
  if (again && open) {
    again = false;
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
    // A button that was used up has lost the focus.
    if (focused.hidden) (element("reply").disabled ? log : element("reply")).focus();
  } catch (error) {
    if (id !== open) {
      if (body) drafts.set(id, body.text);
      return;
    }
    if (body) composer.give(body.text);
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
  const waiting = list.show(open, Date.now() + ahead);
  element("empty").hidden = list.size > 0;
  say("waiting", waiting > 0 ? language.text("waitingCount", { count: waiting }) : language.text("nobodyWaits"));
  document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${language.text("inboxTitle")} · HighChat`;
  // Before the first answer there is nothing to show.
  say("connection", connected === null ? "…" : language.text(connected ? "live" : "reconnecting"));
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
  say("hint", language.text(hint));
  showRating(entry.rating);
  showStamps();
  showTimes();
}

function showRating(rating) {
  element("rated").hidden = !rating;
  if (!rating) return say("rated", "");
  const thumb = language.text(rating.rating === 1 ? "ratedUp" : "ratedDown");
  const comment = rating.comment ? ` — ${rating.comment}` : "";
  say("rated", `${language.text("rating")}: ${thumb}${comment}`);
  element("rated").classList.toggle("down", rating.rating !== 1);
}

/** When each message was written, and by whom. */
function showStamps() {
  const format = new Intl.DateTimeFormat(language.name, { hour: "2-digit", minute: "2-digit" });
  const authors = { bot: "badgeBot", person: "badgeHuman" };
  for (const node of log.querySelectorAll("[data-at]")) {
    const author = authors[node.dataset.author];
    const time = format.format(new Date(node.dataset.at));
    node.textContent = author ? `${language.text(author)} · ${time}` : time;
  }
}

/** How long each waits, which changes though nothing happens. */
function showTimes() {
  const now = Date.now() + ahead;
  list.showTimes(now);
  const entry = open && list.get(open);
  element("since").textContent = entry ? waited(entry, now, language) : "";
}

function say(id, words) {
  // The same words again would be read out again.
  if (element(id).textContent !== words) element(id).textContent = words;
}
