/** What happens in a conversation, for the page to show. */

import type { HighChatError } from "./errors.js";

/** Who answers. A state that the API's text does not name is passed on as it is. */
export type State = "bot" | "pending_human" | "human" | "closed" | (string & {});

/** How a turn ended well, or was cancelled. */
export type TurnEnd = "done" | "human" | "recovered" | "cancelled";

/** A message that a person, or the bot, wrote outside of a reply. */
export interface ChatMessage {
  id: string;
  /** `assistant` for the service's side, `user` for the visitor. */
  role: string;
  /** Untrusted text: show it as text, never as HTML. */
  content: string;
  /** The service's time, as it wrote it. */
  created_at: string | null;
}

/**
 * Something that happened. The fields are named as in the API.
 *
 * `append`, where an update has it, is the text to append to the screen. A page that shows
 * only these texts misses nothing that the bot or a person wrote.
 */
export type Update = { append?: string } & (
  /** The conversation. `is_replaced`: it is another one than before. */
  | { type: "meta"; conversation_id: string | null; is_replaced: boolean }
  /** A part of the reply. */
  | { type: "delta"; text: string }
  /** The reply is whole. */
  | { type: "done"; message_id: string | null; state: State | null; ts: string | null }
  /** A person took over. */
  | { type: "human"; message: string | null; ts: string | null }
  /** The reply was cut or never came, and a search for it begins. */
  | { type: "recovering"; error: HighChatError }
  /** The search found the whole reply. `append` is the part that was missing. */
  | { type: "recovered"; message_id: string; text: string }
  /** The turn ended. This comes once for each message, as its last update. */
  | { type: "turn_ended"; turn: number; end: TurnEnd | "failed"; error?: HighChatError }
  | { type: "state"; state: State }
  /** A message that was polled for. */
  | ({ type: "message" } & ChatMessage)
  /** Some messages of a page were invalid and are left out. */
  | { type: "unreadable"; messages: number }
  /** An attempt failed, and another follows after this time. */
  | { type: "delayed"; seconds: number; reason: "rate_limited" | "not_sent" | "transient" }
  /** Polling ended with an error. Later messages of a person are not shown. */
  | { type: "handoff_failed"; error: HighChatError }
  | { type: "rated"; request: number; rating: 0 | 1 }
  | { type: "rating_failed"; request: number; error: HighChatError }
  /** An event that the API's text does not name. */
  | { type: "unknown"; event: string; data: string }
);
