// The page where a user chats, over the npm package `@highchat/client`.

import { Composer } from "/assets/composer.js";
import { IncompleteError, NoAnswerError, NotAReplyError, ServiceError, Session } from "/assets/highchat.js";
import { Language } from "/assets/language.js";
import { Log } from "/assets/log.js";
import { Rating } from "/assets/rating.js";
import { Reply } from "/assets/reply.js";
import { Store } from "/assets/store.js";

const STATES = {
  bot: "stateBot",
  pending_human: "statePending",
  human: "stateHuman",
  closed: "stateClosed",
};

/** How long after the next attempt of a poll it counts as successful, in milliseconds. */
const NO_NEWS = 2_000;

const element = (id) => document.getElementById(id);
const slug = decodeURIComponent(location.pathname.slice("/c/".length));
const visitor = new URLSearchParams(location.search).get("visitor");
const options = {
  slug,
  baseUrl: location.origin,
  // A refusal is shown at once, so that one can see what a fault does.
  settings: { attempts: 1 },
  ...(visitor ? { visitorRef: visitor } : {}),
};
const store = new Store(slug);

let session = new Session(options);
/** The reply that is shown now. */
let reply = null;
/** The message of the turn in progress. */
let sent = null;
let state = "bot";
let connected = true;
let connectionTimer;
/** Whether an event has said already that a person answers. */
let isAnnounced = false;

const language = new Language(() => {
  showStatus();
  composer.count();
});
const log = new Log(element("log"), language);
const composer = new Composer({
  language,
  form: element("composer"),
  text: element("message"),
  count: element("count"),
  send: element("send"),
  stop: element("stop"),
  onsend: send,
  onstop: () => session.cancel(),
});
const rating = new Rating({
  language,
  form: element("rating"),
  onrate: (value, comment) => session.rate(value, comment || undefined),
  ondone: () => composer.focus(),
});

element("new").addEventListener("click", begin);
addEventListener("pagehide", save);
showStatus();
log.localNotice("greeting");
await restore();

/** Continues the conversation that an earlier visit of the page stored. */
async function restore() {
  const { saved, lines, part } = store.load();
  if (saved !== null) {
    try {
      session = await Session.resume(saved, options);
      // Earlier messages are not read out by screen readers.
      log.announce(false);
      for (const { side, author, text } of lines) log.message(side, author, text);
      log.announce(true);
      if (session.turnInProgress) {
        reply = newReply();
        if (part !== "") reply.append(part);
        composer.busy(true);
      }
    } catch {
      store.clear();
    }
  }
  session.on("update", show);
  state = session.state;
  showStatus();
}

/** Begins another conversation. */
function begin() {
  session.close();
  store.clear();
  session = new Session(options);
  session.on("update", show);
  reply = sent = null;
  isAnnounced = false;
  state = "bot";
  showConnection(true);
  composer.busy(false);
  rating.reset();
  log.clear();
  log.localNotice("greeting");
  composer.focus();
}

function send(text) {
  composer.busy(true);
  sent = { text, node: log.message("mine", "you", text) };
  store.add({ side: "mine", author: "you", text });
  log.showEnd();
  reply = newReply();
  session.send(text);
}

function newReply() {
  return new Reply(log, { answered: () => rating.show() });
}

function show(update) {
  switch (update.type) {
    case "delta":
      reply?.append(update.append);
      break;
    case "recovered":
      reply?.complete(update.text);
      break;
    case "recovering":
      reply?.search();
      break;
    case "human":
      isAnnounced = true;
      reply?.human(update.message ?? language.text("joined"));
      break;
    case "turn_ended":
      end(update);
      break;
    case "state":
      enter(update.state);
      break;
    case "message":
      showConnection(true);
      if (update.append !== undefined) showMessage(update.content);
      break;
    case "delayed":
      if (!session.turnInProgress) showFailedPoll(update.seconds);
      break;
    case "handoff_failed":
      showConnection(true);
      log.notice(update.error.sentence ?? update.error.message);
      log.button(log.localNotice("gone"), "newConversation", begin);
      break;
  }
  if (update.type !== "delta") save();
}

function end({ end, error }) {
  const isShown = end === "done" || end === "recovered";
  if (isShown) reply?.done();
  else if (end === "cancelled") reply?.cut("stopped");
  else if (error instanceof IncompleteError) reply?.cut("cut");
  else if (error instanceof ServiceError) reply?.fail(error.message);
  else if (error instanceof NoAnswerError) reply?.lost();
  else if (error) refuse(error);
  if (reply?.text) store.add({ side: "theirs", author: "bot", text: reply.text });
  reply = sent = null;
  composer.busy(false);
}

function refuse(error) {
  const { sentence, status = 200, mayHaveBeenTaken } = error;
  const key = error instanceof NotAReplyError ? "noReply" : "refused";
  reply?.fail(sentence ?? language.text(key, { status }));
  // After any other answer the message may have been taken.
  if (!mayHaveBeenTaken && sent) {
    log.localText(sent.node, "span", "delivery", "notSent");
    sent.node.classList.add("refused");
    composer.restore(sent.text);
  }
  if (status === 404) log.button(log.localNotice("gone"), "newConversation", begin);
}

function showMessage(text) {
  log.message("theirs person", "person", text);
  store.add({ side: "theirs person", author: "person", text });
  rating.show();
}

function enter(now) {
  const hadPerson = state === "human" || state === "pending_human";
  showConnection(true);
  if (now === "human" && !isAnnounced) log.localNotice("joined", "person");
  if (now === "pending_human") log.localNotice("called", "person");
  if (now === "bot" && hadPerson) log.localNotice("botBack", "bot");
  if (now === "closed") {
    log.localNotice("closed");
    rating.show();
  }
  isAnnounced = false;
  state = now;
  showStatus();
}

/** A poll that succeeds without news is silent, so the page waits for the next failure. */
function showFailedPoll(seconds) {
  showConnection(false);
  connectionTimer = setTimeout(() => showConnection(true), seconds * 1000 + NO_NEWS);
}

function showConnection(isConnected) {
  clearTimeout(connectionTimer);
  connected = isConnected;
  showStatus();
}

function save() {
  store.save(session.save(), reply?.text ?? "");
}

function showStatus() {
  const status = element("status");
  const words = language.text(connected ? (STATES[state] ?? "stateBot") : "reconnecting");
  // Setting the same text again would make a screen reader read it again.
  if (status.textContent !== words) status.textContent = words;
  status.dataset.state = connected ? state : "reconnecting";
}
