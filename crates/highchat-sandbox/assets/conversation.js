// A conversation for the chat page: sends messages, polls during a handoff, and stores the id.

import { Refused } from "/assets/service.js";

/** The time from the end of one poll to the start of the next, in milliseconds, ±10 %. */
const POLL_INTERVAL = 4_000;
const MAX_INTERVAL = 60_000;

const STATES = ["bot", "pending_human", "human", "closed"];

/** How many message ids are remembered, so that no message is shown twice. */
const MAX_SEEN = 1_000;

export class Conversation {
  #service;
  #store;
  #view;
  #id = null;
  #state = "bot";
  /** The time of the newest message that was seen, for `after`. */
  #after = null;
  #seen = new Set();
  /** Replies that were shown only in part. */
  #partial = [];
  #turn = null;
  #timer;
  #failures = 0;
  /** Whether the messages from before the page was loaded are still missing. */
  #restoring = false;
  /** Aborted when another conversation begins. */
  #lifetime = new AbortController();

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

  /** Continues the conversation that an earlier visit of the page stored. */
  restore() {
    const stored = this.#store.load();
    if (typeof stored?.id !== "string" || stored.id === "" || stored.id.length > 200) return;
    this.#id = stored.id;
    if (STATES.includes(stored.state)) this.#state = stored.state;
    this.#view.state(this.#state);
    this.#restoring = true;
    this.#view.restoring(true);
    this.#read();
  }

  /** Forgets this conversation. The next message begins a new one. */
  forget() {
    this.#lifetime.abort();
    this.#lifetime = new AbortController();
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

  /** Sends a message and shows the reply. A message is never sent twice. */
  async send(text) {
    const lifetime = this.#lifetime;
    const turn = new AbortController();
    lifetime.signal.addEventListener("abort", () => turn.abort());
    this.#turn = turn;
    clearTimeout(this.#timer);
    this.#view.busy(true);
    const sent = this.#view.sent(text);
    const reply = this.#view.reply();
    let hasEvents = false;
    try {
      for await (const { event, data } of this.#service.chat(text, this.#id, turn.signal)) {
        hasEvents = true;
        this.#handle(event, data, reply);
      }
      if (!reply.over) this.#cut(reply, "cut");
    } catch (error) {
      if (lifetime.signal.aborted) return;
      if (error instanceof Refused) {
        reply.refuse(error);
        // After any other answer the message may or may not have been accepted.
        if (error.status >= 400 && error.status < 500) sent.refuse();
        if (error.status === 404) this.#view.gone();
      } else if (turn.signal.aborted) {
        this.#cut(reply, "stopped");
      } else if (hasEvents) {
        this.#cut(reply, "cut");
      } else {
        reply.lost();
      }
    } finally {
      if (!lifetime.signal.aborted) {
        this.#turn = null;
        this.#view.busy(false);
        this.#save();
        if (this.#hasPerson) this.#schedule(POLL_INTERVAL);
      }
    }
  }

  /** Stops reading the current reply. */
  stop() {
    this.#turn?.abort();
  }

  /** Polls now instead of later if polls have failed: the network may be back. */
  pollNow() {
    if (this.#failures > 0 && (this.#hasPerson || this.#restoring)) this.#schedule(0);
  }

  async rate(rating, comment) {
    await this.#service.rate(this.#id, rating, comment);
  }

  /** Polls for the complete text of cut replies. */
  recover() {
    if (this.#id && !this.busy) this.#read();
  }

  #handle(event, data, reply) {
    switch (event) {
      case "meta":
        if (data.conversation_id !== "") this.#id = data.conversation_id;
        this.#save();
        break;
      case "delta":
        reply.append(data.text);
        break;
      case "done":
        if (this.#remember(data.message_id)) reply.done();
        else reply.remove();
        // During a handoff a person may have written something that is not shown yet.
        if (data.state === "bot") this.#advance(data.ts);
        this.#enter(data.state);
        break;
      case "human":
        // The next poll shows what the person wrote before this, so `after` must not change.
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

  get #hasPerson() {
    return this.#state === "human" || this.#state === "pending_human";
  }

  #schedule(interval) {
    clearTimeout(this.#timer);
    const jitter = 0.9 + Math.random() * 0.2;
    this.#timer = setTimeout(() => this.#read(), interval * jitter);
  }

  /** Polls once, and schedules the next poll if the handoff goes on. */
  async #read() {
    const lifetime = this.#lifetime;
    const isWhole = this.#restoring;
    // No poll while a reply streams; the end of the reply schedules one.
    if (this.busy) return;
    clearTimeout(this.#timer);
    try {
      // Without `after` the service returns the whole conversation.
      const after = isWhole ? null : this.#after;
      const { state, messages } = await this.#service.messages(this.#id, after, lifetime.signal);
      if (lifetime.signal.aborted) return;
      this.#failures = 0;
      this.#view.connection(true);
      for (const message of messages) this.#show(message, isWhole);
      this.#restored();
      // A reply that began meanwhile reports the state itself.
      if (this.busy) return;
      this.#enter(state);
      this.#save();
      if (this.#hasPerson) this.#schedule(POLL_INTERVAL);
    } catch (error) {
      if (lifetime.signal.aborted) return;
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

  #show(message, isWhole) {
    const { id, role, content, created_at: at } = Object(message);
    if ([id, role, content].some((field) => typeof field !== "string")) return;
    const isNew = this.#remember(id);
    this.#advance(at);
    if (!isNew) return;
    if (role === "user") {
      // The page has shown its own messages already.
      if (isWhole) this.#view.sent(content);
      return;
    }
    const place = this.#partial.findIndex(
      (reply) => reply.text !== "" && content.startsWith(reply.text),
    );
    if (place >= 0) this.#partial.splice(place, 1)[0].complete(content);
    else this.#view.message(content, isWhole ? "them" : "person");
  }

  /** Remembers an id and returns whether it is new. A missing id always counts as new. */
  #remember(id) {
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

  /** Sets the state; an unknown state is ignored. `isAnnounced`: the user knows it already. */
  #enter(state, isAnnounced = false) {
    if (!STATES.includes(state)) return;
    const before = this.#state;
    this.#state = state;
    if (state !== before && !isAnnounced) this.#view.moved(before, state);
    this.#view.state(state);
  }

  #save() {
    if (this.#id) this.#store.save({ id: this.#id, state: this.#state });
  }
}

/** Converts a time of the service to a number. `after` sends it back unchanged. */
function instant(time) {
  return typeof time === "number" ? time : Date.parse(time);
}
