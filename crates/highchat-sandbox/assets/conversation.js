// A conversation from the user's side: turns, the handoff's polls, and what is kept.

import { Refused } from "/assets/service.js";

/** From the end of one poll to the start of the next, in milliseconds; ±10 %. */
const POLL_INTERVAL = 4_000;
const MAX_INTERVAL = 60_000;

const STATES = ["bot", "pending_human", "human", "closed"];

/** How many ids of messages are remembered. */
const MAX_SEEN = 1_000;

export class Conversation {
  #service;
  #store;
  #view;
  #id = null;
  #state = "bot";
  /** The newest time up to which everything was seen. */
  #after = null;
  #seen = new Set();
  /** Replies that were shown only in part. */
  #partial = [];
  #turn = null;
  #timer;
  #failures = 0;
  /** Whether what was said before the page was loaded is still to come. */
  #restoring = false;
  /** Aborted when another conversation begins. */
  #life = new AbortController();

  constructor(service, store, view) {
    this.#service = service;
    this.#store = store;
    this.#view = view;
  }

  get id() {
    return this.#id;
  }

  get busy() {
    return this.#turn !== null;
  }

  /** Goes on with what an earlier visit of the page kept. */
  restore() {
    const kept = this.#store.load();
    if (typeof kept?.id !== "string" || kept.id === "" || kept.id.length > 200) return;
    this.#id = kept.id;
    if (STATES.includes(kept.state)) this.#state = kept.state;
    this.#view.state(this.#state);
    this.#restoring = true;
    this.#view.restoring(true);
    this.#read();
  }

  /** Leaves this conversation; the next message begins another. */
  forget() {
    this.#life.abort();
    this.#life = new AbortController();
    clearTimeout(this.#timer);
    this.#id = this.#after = this.#turn = null;
    this.#failures = 0;
    this.#restored();
    this.#partial = [];
    this.#seen.clear();
    this.#store.clear();
    this.#enter("bot", true);
    this.#view.connection(true);
  }

  /** Sends a message and shows the reply. It is never sent twice. */
  async send(text) {
    const life = this.#life;
    const turn = new AbortController();
    life.signal.addEventListener("abort", () => turn.abort());
    this.#turn = turn;
    clearTimeout(this.#timer);
    this.#view.busy(true);
    const sent = this.#view.sent(text);
    const reply = this.#view.reply();
    let heard = false;
    try {
      for await (const { event, data } of this.#service.chat(text, this.#id, turn.signal)) {
        heard = true;
        this.#handle(event, data, reply);
      }
      if (!reply.over) this.#cut(reply, "cut");
    } catch (error) {
      if (life.signal.aborted) return;
      if (error instanceof Refused) {
        reply.refuse(error);
        // Any other answer leaves open whether the message was taken.
        if (error.status >= 400 && error.status < 500) sent.refuse();
        if (error.status === 404) this.#view.gone();
      } else if (turn.signal.aborted) {
        this.#cut(reply, "stopped");
      } else if (heard) {
        this.#cut(reply, "cut");
      } else {
        reply.lost();
      }
    } finally {
      if (!life.signal.aborted) {
        this.#turn = null;
        this.#view.busy(false);
        this.#keep();
        if (this.#attended) this.#schedule(POLL_INTERVAL);
      }
    }
  }

  /** Reads no more of the reply that streams. */
  stop() {
    this.#turn?.abort();
  }

  /** Looks at once where a poll is due some time: the network may be back. */
  hurry() {
    if (this.#failures > 0 && (this.#attended || this.#restoring)) this.#schedule(0);
  }

  async rate(rating, comment) {
    await this.#service.rate(this.#id, rating, comment);
  }

  /** Reads what became of replies that were cut. */
  recover() {
    if (this.#id && !this.busy) this.#read();
  }

  #handle(event, data, reply) {
    switch (event) {
      case "meta":
        if (data.conversation_id !== "") this.#id = data.conversation_id;
        this.#keep();
        break;
      case "delta":
        reply.append(data.text);
        break;
      case "done":
        if (this.#note(data.message_id)) reply.done();
        else reply.remove();
        // During a handoff a person may have written while the bot did.
        if (data.state === "bot") this.#advance(data.ts);
        this.#enter(data.state);
        break;
      case "human":
        // What the person wrote before comes with the next poll, so `after` stays.
        reply.human(data.message);
        this.#enter("human", true);
        break;
      case "error":
        reply.fail(data.message);
        break;
    }
  }

  #cut(reply, how) {
    reply.cut(how);
    this.#partial.push(reply);
  }

  get #attended() {
    return this.#state === "human" || this.#state === "pending_human";
  }

  #schedule(interval) {
    clearTimeout(this.#timer);
    const jitter = 0.9 + Math.random() * 0.2;
    this.#timer = setTimeout(() => this.#read(), interval * jitter);
  }

  /** One look at the messages, and the next one where the handoff goes on. */
  async #read() {
    const life = this.#life;
    const whole = this.#restoring;
    // A turn goes first; it schedules the next look.
    if (this.busy) return;
    clearTimeout(this.#timer);
    try {
      // Without `after`, the whole conversation comes.
      const after = whole ? null : this.#after;
      const { state, messages } = await this.#service.messages(this.#id, after, life.signal);
      if (life.signal.aborted) return;
      this.#failures = 0;
      this.#view.connection(true);
      for (const message of messages) this.#show(message, whole);
      this.#restored();
      // A turn that began meanwhile shows the state itself.
      if (this.busy) return;
      this.#enter(state);
      this.#keep();
      if (this.#attended) this.#schedule(POLL_INTERVAL);
    } catch (error) {
      if (life.signal.aborted) return;
      if (error instanceof Refused && (error.status === 401 || error.status === 404)) {
        this.#view.connection(true);
        this.#view.notice(error.sentence ?? error.message);
        this.#view.gone();
        return;
      }
      this.#failures += 1;
      this.#view.connection(false);
      const interval = Math.min(POLL_INTERVAL * 2 ** (this.#failures - 1), MAX_INTERVAL);
      const wait = Math.max(interval, Math.min(error.retryAfter ?? 0, 2 * MAX_INTERVAL));
      this.#schedule(wait);
    }
  }

  #restored() {
    if (!this.#restoring) return;
    this.#restoring = false;
    this.#view.restoring(false);
  }

  #show(message, whole) {
    const { id, role, content, created_at: at } = Object(message);
    if ([id, role, content].some((field) => typeof field !== "string")) return;
    const isNew = this.#note(id);
    this.#advance(at);
    if (!isNew) return;
    if (role === "user") {
      // What was written here is shown already.
      if (whole) this.#view.sent(content);
      return;
    }
    const place = this.#partial.findIndex(
      (reply) => reply.text !== "" && content.startsWith(reply.text),
    );
    if (place >= 0) this.#partial.splice(place, 1)[0].complete(content);
    else this.#view.message(content, whole ? "them" : "person");
  }

  /** Whether an id is new; one that is missing always is. */
  #note(id) {
    if (typeof id !== "string") return true;
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    if (this.#seen.size > MAX_SEEN) this.#seen.delete(this.#seen.values().next().value);
    return true;
  }

  #advance(at) {
    if (Number.isNaN(instant(at))) return;
    if (this.#after === null || instant(at) > instant(this.#after)) this.#after = at;
  }

  /** A state that the API does not have changes nothing. */
  #enter(state, told = false) {
    if (!STATES.includes(state)) return;
    const before = this.#state;
    this.#state = state;
    if (state !== before && !told) this.#view.moved(before, state);
    this.#view.state(state);
  }

  #keep() {
    if (this.#id) this.#store.save({ id: this.#id, state: this.#state });
  }
}

/** A time as a number, however the service writes it; it is sent back as it came. */
function instant(time) {
  return typeof time === "number" ? time : Date.parse(time);
}
