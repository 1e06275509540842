/** The conversation of `crates/highchat-web`, with types. It decides; it does no I/O. */

import text from "./conversation.wasm.js";
import { type Failure, failed, misused } from "./errors.js";
import { type Instance, Module } from "./module.js";
import type { State, Update } from "./updates.js";

interface Exports {
  setting(value: number): number;
  key(): number;
  slug(): number;
  visitor(): number;
  saved(): number;
  open(isHttpAllowed: number, seed: number, now: number): number;
  send(now: number): number;
  rate(isUp: number, hasComment: number, now: number): number;
  cancel(now: number): void;
  check_now(now: number): void;
  response(id: number, status: number, now: number): void;
  body(id: number, now: number): void;
  end(id: number, now: number): void;
  failure(id: number, isNotSent: number, now: number): void;
  back(now: number): void;
  timeout(now: number): void;
  poll(): number;
  deadline(): number;
  save(): void;
  status(): number;
}

const module = new Module(text);

/** The codes that a call returns in place of an id. */
const CODES: Record<number, string> = { [-1]: "invalid", [-2]: "in_progress", [-3]: "no_conversation" };

/** What the session must do next. */
export type Output =
  | { do: "wait"; until: number }
  | { do: "transmit"; request: Request }
  | { do: "abort"; id: number }
  | { do: "show"; update: Update };

/** A request to send. */
export interface Request {
  id: number;
  method: string;
  url: string;
  headers: [string, string][];
  body: string;
}

/** The state of a conversation. */
export interface Status {
  id: string | null;
  state: State;
  turnInProgress: boolean;
  isPolling: boolean;
}

/** What a conversation is opened with. */
export interface Setup {
  key?: string | undefined;
  slug?: string | undefined;
  visitor?: string | undefined;
  saved?: string | undefined;
  baseUrl: string;
  isHttpAllowed: boolean;
  settings: [string, number][];
  seed: number;
}

/** A conversation. Times are milliseconds. */
export class Core {
  readonly #instance: Instance<Exports>;
  readonly #call: Exports;

  private constructor(instance: Instance<Exports>) {
    this.#instance = instance;
    this.#call = instance.call;
  }

  static async open(setup: Setup, clock: () => number): Promise<Core> {
    const core = new Core(await module.instance<Exports>());
    const call = core.#call;
    for (const [name, value] of setup.settings) core.#check(name, () => call.setting(value), `${name}: `);
    if (setup.key !== undefined) core.#check(setup.key, () => call.key());
    if (setup.slug !== undefined) core.#check(setup.slug, () => call.slug());
    if (setup.visitor !== undefined) core.#check(setup.visitor, () => call.visitor());
    if (setup.saved !== undefined) core.#check(setup.saved, () => call.saved());
    core.#check(setup.baseUrl, () => call.open(Number(setup.isHttpAllowed), setup.seed, clock()));
    return core;
  }

  /** Sends a message. Returns the id of the turn. */
  send(message: string, now: number): number {
    return this.#check(message, () => this.#call.send(now));
  }

  /** Rates the conversation. Returns the id of the rating. */
  rate(rating: 0 | 1, comment: string | undefined, now: number): number {
    return this.#check(comment ?? "", () => this.#call.rate(rating, Number(comment !== undefined), now));
  }

  cancel(now: number): void {
    this.#call.cancel(now);
  }

  checkNow(now: number): void {
    this.#call.check_now(now);
  }

  response(id: number, status: number, headers: Iterable<[string, string]>, now: number): void {
    this.#instance.give(Array.from(headers, ([name, value]) => `${name}: ${value}`).join("\n"));
    this.#call.response(id, status, now);
  }

  body(id: number, chunk: Uint8Array, now: number): void {
    this.#instance.give(chunk);
    this.#call.body(id, now);
  }

  end(id: number, now: number): void {
    this.#call.end(id, now);
  }

  /** A request failed. `isNotSent` only if surely no byte of it was sent. */
  failure(id: number, isNotSent: boolean, cause: string, now: number): void {
    this.#instance.give(cause);
    this.#call.failure(id, Number(isNotSent), now);
  }

  /** The page reads again after it did not. The time between does not count as silence. */
  back(now: number): void {
    this.#call.back(now);
  }

  timeout(now: number): void {
    this.#call.timeout(now);
  }

  poll(): Output {
    switch (this.#call.poll()) {
      case 1: {
        const [head, body] = cut(this.#instance.text(), "\n\n");
        const [id, method, url, ...lines] = head.split("\n");
        const headers = lines.map((line) => cut(line, ": "));
        return { do: "transmit", request: { id: Number(id), method: method!, url: url!, headers, body } };
      }
      case 2:
        return { do: "abort", id: Number(this.#instance.text()) };
      case 3:
        return { do: "show", update: update(this.#instance.text()) };
      default:
        return { do: "wait", until: this.#call.deadline() };
    }
  }

  save(): string {
    this.#call.save();
    return this.#instance.text();
  }

  get status(): Status {
    const status = this.#call.status();
    // The lowest three bits are flags; the others count the bytes of the id.
    const length = status >> 3;
    return {
      id: status & 4 ? this.#instance.text(0, length) : null,
      state: this.#instance.text(length),
      turnInProgress: (status & 1) !== 0,
      isPolling: (status & 2) !== 0,
    };
  }

  #check(argument: string, call: () => number, about = ""): number {
    this.#instance.give(argument);
    const result = call();
    if (result >= 0) return result;
    throw misused(CODES[result] ?? "invalid", about + this.#instance.text());
  }
}

/** The parts before and after the first `mark`. */
function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** Reads an update of the module: flags, JSON, and the text to append. Its own tests check it. */
function update(text: string): Update {
  const [about, rest] = cut(text, "\n");
  const [json, append] = cut(rest, "\n");
  const [flags, millis] = cut(about, " ").map(Number) as [number, number];
  const shown: Update & { error?: Failure | Error } = JSON.parse(json);
  if (flags & 1) shown.append = append;
  if ("error" in shown && shown.error) {
    const failure = shown.error as unknown as Failure;
    shown.error = failed(failure, {
      sentence: flags & 16 ? failure.message : undefined,
      mayHaveBeenTaken: (flags & 4) !== 0,
      canBeSentAgain: (flags & 8) !== 0,
      retryAfter: flags & 32 ? millis / 1000 : undefined,
    });
  }
  if (shown.type === "meta") shown.is_replaced = (flags & 2) !== 0;
  return shown;
}
