/** The messages of a conversation, as they are shown. It knows nothing of React. */

import type { HighChatError, Session, State, Update } from "@highchat/client";

/** Who wrote a message, or `notice` for a sentence of the service about the conversation. */
export type Author = "user" | "bot" | "person" | "notice";

/** One message on the screen. */
export interface Message {
  /** Unique in its conversation, for a list's key. */
  id: string;
  author: Author;
  /** Untrusted text: show it as text. */
  text: string;
  /**
   * `pending` until its turn is over; `done`; `stopped` by the user; `incomplete`, only a part
   * of it came; `failed`, there is no reply; or for the user's own message `refused`: it was
   * surely not taken, and can be written again.
   */
  status: "pending" | "done" | "stopped" | "incomplete" | "failed" | "refused";
  /** Why it is not whole. */
  error?: HighChatError;
}

/** What a page needs to keep to show the conversation again, and to continue it. */
export interface Kept {
  saved: string | null;
  messages: Message[];
  state: State;
  canRate: boolean;
}

/** How many messages are kept. */
const LIMIT = 500;

/** Applies the updates of a session to a list of messages. Each change makes a new list. */
export class Transcript {
  messages: Message[];
  #next: number;

  constructor(messages: Message[] = []) {
    // A turn that was in progress is searched for, so its reply may still come.
    this.messages = messages;
    this.#next = messages.length;
  }

  /** Whether a turn is not over. */
  get isPending(): boolean {
    return this.messages.some(({ status }) => status === "pending");
  }

  /** A text was not sent, because another tab is in the middle of a reply. */
  refuse(text: string): void {
    this.#add("user", text, "refused");
  }

  /** The user sends a text. */
  send(text: string): void {
    this.#add("user", text, "pending");
    this.#add("bot", "", "pending");
  }

  apply(update: Update): void {
    switch (update.type) {
      case "delta":
        this.#reply((reply) => ({ ...reply, text: reply.text + update.text }));
        return;
      case "recovered":
        this.#reply((reply) => ({ ...reply, text: update.text }));
        return;
      case "human":
        if (update.message) this.#add("notice", update.message, "done");
        return;
      case "message":
        if (update.append !== undefined) this.#add("person", update.content, "done");
        return;
      case "handoff_failed":
        this.#add("notice", update.error.message, "failed", update.error);
        return;
      case "turn_ended":
        this.#end(update.end, update.error);
    }
  }

  #end(end: string, error: HighChatError | undefined): void {
    const isRefused = error !== undefined && !error.mayHaveBeenTaken;
    this.messages = this.messages
      .map((message): Message => {
        if (message.status !== "pending") return message;
        if (message.author === "user") return { ...message, status: isRefused ? "refused" : "done" };
        const status = end === "cancelled" ? "stopped" : end !== "failed" ? "done" : failure(error);
        return error ? { ...message, status, error } : { ...message, status };
      })
      // A person answers in place of the bot, or the user stopped it before its first word.
      .filter(({ author, text, status }) => author !== "bot" || text !== "" || status === "failed" || status === "incomplete");
  }

  #reply(change: (reply: Message) => Message): void {
    const place = this.messages.findLastIndex(({ author, status }) => author === "bot" && status === "pending");
    if (place >= 0) this.messages = this.messages.with(place, change(this.messages[place] as Message));
  }

  #add(author: Author, text: string, status: Message["status"], error?: HighChatError): void {
    const id = `${this.#next}`;
    this.#next += 1;
    const message: Message = error ? { id, author, text, status, error } : { id, author, text, status };
    this.messages = [...this.messages, message].slice(-LIMIT);
  }
}

function failure(error: HighChatError | undefined): Message["status"] {
  return error?.code === "incomplete" ? "incomplete" : "failed";
}

/** Reads what {@link write} wrote. Anything else counts as nothing. */
export function read(text: string | null): Kept {
  try {
    const { saved, messages, state, canRate } = JSON.parse(text ?? "{}") as Kept;
    const isMessage = (it: Message) => typeof it.text === "string" && typeof it.author === "string";
    if (typeof saved === "string" && Array.isArray(messages) && messages.every(isMessage)) {
      const numbered = messages.map((message, place) => ({ ...message, id: `${place}` }));
      return { saved, messages: numbered, state: state ?? "bot", canRate: canRate === true };
    }
  } catch {
    // It is of another program.
  }
  return { saved: null, messages: [], state: "bot", canRate: false };
}

export function write(session: Session, messages: Message[]): string {
  const kept: Kept = {
    saved: session.save(),
    messages: messages.map(({ error: _, ...message }) => message),
    state: session.state,
    canRate: session.id !== null,
  };
  return JSON.stringify(kept);
}
