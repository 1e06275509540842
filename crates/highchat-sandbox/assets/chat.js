// The page where a user chats.

import { Composer } from "/assets/composer.js";
import { Conversation } from "/assets/conversation.js";
import { Language } from "/assets/language.js";
import { Log } from "/assets/log.js";
import { Rating } from "/assets/rating.js";
import { Reply } from "/assets/reply.js";
import { Service } from "/assets/service.js";
import { Store } from "/assets/store.js";

const STATES = {
  bot: "stateBot",
  pending_human: "statePending",
  human: "stateHuman",
  closed: "stateClosed",
};

const element = (id) => document.getElementById(id);
const slug = decodeURIComponent(location.pathname.slice("/c/".length));
const visitor = new URLSearchParams(location.search).get("visitor");

let state = "bot";
let connected = true;

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
  onsend: (text) => conversation.send(text),
  onstop: () => conversation.stop(),
});
const rating = new Rating({
  language,
  form: element("rating"),
  onrate: (value, comment) => conversation.rate(value, comment),
  ondone: () => composer.focus(),
});

const view = {
  sent(text) {
    const node = log.message("mine", "you", text);
    log.showEnd();
    return {
      refuse() {
        log.localText(node, "span", "delivery", "notSent");
        node.classList.add("refused");
        composer.restore(text);
      },
    };
  },
  reply: () =>
    new Reply(log, language, {
      answered: () => rating.show(),
      recover: () => conversation.recover(),
    }),
  message(text, author) {
    log.message(author === "person" ? "theirs person" : "theirs", author, text);
    rating.show();
  },
  notice: (text) => log.notice(text),
  gone() {
    log.button(log.localNotice("gone"), "newConversation", begin);
  },
  moved(before, now) {
    const hadPerson = before === "human" || before === "pending_human";
    if (now === "human") log.localNotice("joined", "person");
    if (now === "pending_human") log.localNotice("called", "person");
    if (now === "bot" && hadPerson) log.localNotice("botBack", "bot");
    if (now === "closed") {
      log.localNotice("closed");
      rating.show();
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
  busy: (isBusy) => composer.busy(isBusy),
  /** Earlier messages appear at once and are not read out by screen readers. */
  restoring(isRestoring) {
    composer.enable(!isRestoring);
    log.announce(!isRestoring);
  },
};
const conversation = new Conversation(new Service(slug, visitor), new Store(slug), view);

element("new").addEventListener("click", begin);
addEventListener("online", () => conversation.pollNow());
showStatus();
log.localNotice("greeting");
conversation.restore();

function begin() {
  conversation.forget();
  rating.reset();
  log.clear();
  log.localNotice("greeting");
  composer.focus();
}

function showStatus() {
  const status = element("status");
  const words = language.text(connected ? STATES[state] : "reconnecting");
  // Setting the same text again would make a screen reader read it again.
  if (status.textContent !== words) status.textContent = words;
  status.dataset.state = connected ? state : "reconnecting";
}
