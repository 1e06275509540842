// Sessions in virtual time, commanded over standard input and output: the clock, the timers and
// `fetch` are the commanding program's.

import { createInterface } from "node:readline";
import * as client from "../client/dist/index.js";
import { plain } from "./host.js";

globalThis.highchat = client;

/** Lets everything happen that needs no time. */
async function settle() {
  for (let n = 0; n < 4; n += 1) await new Promise(setImmediate);
}

class Life {
  now = 0;
  #session;
  #said = [];
  #timers = new Set();
  #exchanges = [];

  async open({ options, saved }) {
    this.close();
    const platform = {
      fetch: (url, init) => this.#fetch(url, init),
      now: () => this.now,
      after: (delay, run) => {
        // In whole ms, as the commanding program counts.
        const timer = { at: Math.ceil(this.now + delay - 1e-6), run };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
      isOnline: () => true,
      on: () => () => {},
    };
    const all = { ...options, platform, seed: 0.5 };
    this.#session = saved === undefined ? new client.Session(all) : await client.Session.resume(saved, all);
    this.#session.on("update", (update) => this.#said.push({ update: plain(update) }));
    await this.#session.ready();
    await this.#timeOut();
  }

  /** Ends the session as the end of a process does: nobody reads what comes for it. */
  close() {
    this.#session?.close();
    this.#timers.clear();
    for (const exchange of this.#exchanges) exchange.isOver = true;
    this.#said = [];
  }

  #fetch(url, { body, signal }) {
    const number = this.#exchanges.length;
    const { pathname, search } = new URL(url);
    this.#said.push({ request: { exchange: number, target: pathname + search, body: body ?? "" } });
    return new Promise((resolve, reject) => {
      const exchange = { resolve, reject, isOver: false, body: null };
      this.#exchanges.push(exchange);
      signal.addEventListener("abort", () => {
        if (exchange.isOver) return;
        exchange.isOver = true;
        this.#said.push({ abort: number });
        const error = new DOMException("aborted", "AbortError");
        reject(error);
        exchange.body?.error(error);
      });
    });
  }

  #step({ exchange: number, head, body, end }) {
    const exchange = this.#exchanges[number];
    if (!exchange || exchange.isOver) return;
    if (head) {
      const headers = { "content-type": head.contentType };
      if (head.retryAfter !== null) headers["retry-after"] = String(head.retryAfter);
      const stream = new ReadableStream({ start: (controller) => (exchange.body = controller) });
      exchange.resolve(new Response(head.status === 204 ? null : stream, { status: head.status, headers }));
    } else if (body) {
      exchange.body.enqueue(Uint8Array.from(body));
    } else {
      exchange.isOver = true;
      if (end) exchange.body?.close();
      else if (exchange.body) exchange.body.error(new TypeError("network error"));
      else exchange.reject(new TypeError("Failed to fetch"));
    }
  }

  async #timeOut() {
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at <= this.now && this.#timers.delete(timer)) timer.run();
    }
    await settle();
  }

  async answer(command) {
    this.now = Math.max(this.now, command.now ?? 0);
    const session = this.#session;
    switch (command.do) {
      case "open":
        await this.open(command);
        return {};
      case "send": {
        const accepted = !session.turnInProgress;
        if (accepted) session.ask(command.text).catch(() => {});
        await settle();
        return { accepted };
      }
      case "rate": {
        let accepted = true;
        session.rate(command.rating).catch(({ code }) => {
          if (code === "no_conversation" || code === "in_progress") accepted = false;
        });
        await settle();
        return { accepted };
      }
      case "cancel":
        session.cancel();
        return {};
      case "save":
        return { saved: session.save() };
      case "drain": {
        await settle();
        const said = this.#said;
        this.#said = [];
        const due = Math.min(...Array.from(this.#timers, ({ at }) => at));
        return { said, due: Number.isFinite(due) ? due : null };
      }
      case "step":
        this.#step(command);
        await settle();
        return {};
      case "timeout":
        await this.#timeOut();
        return {};
      default:
        throw new TypeError(command.do);
    }
  }

  get status() {
    const { id, state, isPolling, turnInProgress } = this.#session;
    return { id, state, isPolling, turnInProgress };
  }
}

const lives = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { session, ...command } = JSON.parse(line);
  let answer;
  try {
    if (command.do === "close") {
      lives.get(session)?.close();
      lives.delete(session);
      continue;
    }
    const life = lives.get(session) ?? new Life();
    lives.set(session, life);
    answer = { ...(await life.answer(command)), status: life.status };
  } catch (error) {
    answer = { failed: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify({ session, ...answer })}\n`);
}
process.exit(0);
