/** One message and the reply to it. */

import { type HighChatError, misused } from "./errors.js";
import type { TurnEnd, Update } from "./updates.js";

/** The whole answer to a message. */
export interface Answer {
  /** The text of the reply; after `human`, what the service says about the handoff. */
  text: string;
  end: TurnEnd;
  /** The service's id of the reply, if it is known. */
  message_id: string | null;
}

/** Updates that are not read hold this much text at most, in UTF-16 units. */
const LIMIT = 1 << 20;

/**
 * One message and the reply to it. Iterate over its updates, or wait for its {@link answer}.
 *
 * The message is sent whether anybody iterates or not. The iteration ends after `turn_ended`,
 * and throws a {@link HighChatError} if the turn failed. Leaving the loop early cancels the
 * turn. Only one loop may read it.
 */
export class Turn implements AsyncIterable<Update> {
  readonly #cancel: () => void;
  readonly #readOn: () => void;
  #updates: Update[] = [];
  #length = 0;
  #text = "";
  #messageId: string | null = null;
  #end: TurnEnd | undefined;
  #error: Error | undefined;
  #isRead = false;
  #wake: (() => void)[] = [];

  /** @internal */
  constructor(cancel: () => void, readOn: () => void) {
    this.#cancel = cancel;
    this.#readOn = readOn;
  }

  /** Whether the turn has ended. */
  get isOver(): boolean {
    return this.#end !== undefined || this.#error !== undefined;
  }

  /** The text of the reply so far. */
  get text(): string {
    return this.#text;
  }

  /** Waits for the whole answer. Throws a {@link HighChatError} if there is none. */
  async answer(): Promise<Answer> {
    while (!this.isOver) await this.#next();
    if (this.#error) throw this.#error;
    return { text: this.#text, end: this.#end ?? "done", message_id: this.#messageId };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Update, void, undefined> {
    if (this.#isRead) throw misused("invalid", "the updates of a turn can be read once");
    this.#isRead = true;
    try {
      for (;;) {
        const update = this.#updates.shift();
        if (update) {
          const wasFull = this.isFull;
          this.#length -= update.append?.length ?? 0;
          if (wasFull && !this.isFull) this.#readOn();
          yield update;
        } else if (this.isOver) {
          break;
        } else {
          await this.#next();
        }
      }
    } finally {
      if (!this.isOver) this.#cancel();
    }
    if (this.#error) throw this.#error;
  }

  /** @internal Whether more text should not be read until somebody takes what is there. */
  get isFull(): boolean {
    return this.#isRead && this.#length >= LIMIT;
  }

  /** @internal */
  push(update: Update): void {
    if (this.isOver) return;
    const { append = "" } = update;
    if (update.type !== "human" || this.#text === "") this.#text += append;
    if ("message_id" in update) this.#messageId = update.message_id;
    const last = this.#updates.at(-1);
    if (update.type === "delta" && last?.type === "delta" && this.#length >= LIMIT / 2) {
      // Nobody has read for long: what waits is one text, and not thousands of objects.
      last.append = last.text += update.text;
    } else {
      this.#updates.push({ ...update });
    }
    this.#length += append.length;
    // Without a loop that reads, the updates are of no use; the text is kept.
    if (!this.#isRead && this.#length > LIMIT) this.#updates = this.#updates.filter(({ type }) => type !== "delta");
    if (update.type === "turn_ended") this.finish(update.end === "failed" ? undefined : update.end, update.error);
    this.#ring();
  }

  /** @internal Ends the turn: by its end, or with an error. */
  finish(end: TurnEnd | undefined, error: Error | undefined): void {
    if (this.isOver) return;
    this.#end = end;
    this.#error = error;
    this.#ring();
  }

  #next(): Promise<void> {
    return new Promise((resume) => this.#wake.push(resume));
  }

  #ring(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resume of wake) resume();
  }
}
