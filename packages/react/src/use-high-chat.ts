"use client";
/** A conversation as the state of a React component. */

import { Session, type SessionOptions, type State } from "@highchat/client";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { type Message, Transcript, keep, read } from "./transcript.js";

/** Options of {@link useHighChat}. They are read when the component is mounted. */
export interface HighChatOptions extends SessionOptions {
  /**
   * Where the conversation is kept over a reload: `session` for this tab (the default), `local`
   * for this browser, or `none`.
   */
  storage?: "session" | "local" | "none";
}

/** What happens now. */
export type Status =
  /** The next message can be sent. */
  | "ready"
  /** A reply is awaited, streams, or is searched for. */
  | "busy"
  /** An attempt failed, and another follows by itself. */
  | "retrying";

/** A conversation, as a component shows it. */
export interface HighChatState {
  messages: readonly Message[];
  status: Status;
  /** Who answers. */
  state: State;
  /** Whether the conversation has begun, so that it can be rated. */
  canRate: boolean;
}

/** A conversation, and what can be done with it. */
export interface HighChatControls extends HighChatState {
  /** Sends a message. Returns `false` if the previous reply is not over, or it is empty. */
  send(text: string): boolean;
  /** Stops the reply. The service may have taken the message. */
  stop(): void;
  /** Rates the conversation. */
  rate(rating: 0 | 1, comment?: string): Promise<void>;
  /** Forgets the conversation, and begins another. */
  restart(): void;
}

const EMPTY: HighChatState = { messages: [], status: "ready", state: "bot", canRate: false };

/** A session with its messages. It renders once a frame at most, however fast a reply comes. */
class Store {
  readonly #options: SessionOptions;
  readonly #key: string;
  readonly #area: HighChatOptions["storage"];
  #session: Session | undefined;
  #transcript = new Transcript();
  #state = EMPTY;
  #isRetrying = false;
  /** What is kept is not read yet, so it must not be replaced. */
  #isResuming = false;
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isMounted = false;
  #listeners = new Set<() => void>();

  constructor({ storage = "session", ...options }: HighChatOptions) {
    this.#options = options;
    this.#area = storage;
    this.#key = `highchat:${options.baseUrl ?? ""}:${options.slug ?? options.key?.slice(0, 8) ?? ""}`;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): HighChatState => this.#state;

  /** Begins when the component is mounted. Strict mode mounts it twice, and unmounts it between. */
  readonly mount = (): (() => void) => {
    this.#isMounted = true;
    const { saved, messages } = read(this.#storage, this.#key);
    this.#transcript = new Transcript(messages);
    this.#begin(saved);
    const save = () => this.#save();
    addEventListener("pagehide", save);
    return () => {
      this.#isMounted = false;
      removeEventListener("pagehide", save);
      this.#save();
      this.#session?.close();
      this.#session = undefined;
    };
  };

  send(text: string): boolean {
    if (!this.#session || this.#isResuming || this.#session.turnInProgress || text.trim() === "") return false;
    this.#transcript.send(text);
    // Its end is an update, unless the message itself was not accepted.
    this.#session.ask(text).catch((error) => {
      if (error?.name === "HighChatError" && this.#transcript.messages.some(({ status }) => status === "pending")) {
        this.#transcript.apply({ type: "turn_ended", turn: 0, end: "failed", error });
        this.#show();
      }
    });
    this.#show();
    return true;
  }

  stop(): void {
    this.#session?.cancel();
  }

  async rate(rating: 0 | 1, comment?: string): Promise<void> {
    await this.#session?.rate(rating, comment);
  }

  restart(): void {
    this.#session?.close();
    this.#isResuming = false;
    this.#transcript = new Transcript();
    try {
      this.#storage?.removeItem(this.#key);
    } catch {
      // Without storage there is nothing to remove.
    }
    this.#begin(null);
  }

  #begin(saved: string | null): void {
    const session = new Session(this.#options);
    this.#follow(session);
    this.#isResuming = saved !== null;
    if (saved === null) return;
    Session.resume(saved, this.#options).then(
      (resumed) => {
        // The component was unmounted, or the user began another conversation.
        if (!this.#isMounted || this.#session !== session) return resumed.close();
        session.close();
        this.#isResuming = false;
        this.#follow(resumed);
      },
      () => {
        // It cannot be read. The new session is there already.
        if (this.#session !== session) return;
        this.#isResuming = false;
        this.#transcript = new Transcript();
        this.#show();
      },
    );
  }

  #follow(session: Session): void {
    this.#session = session;
    this.#isRetrying = false;
    session.on("update", (update) => {
      if (this.#session !== session) return;
      this.#transcript.apply(update);
      this.#isRetrying = update.type === "delayed";
      if (update.type !== "delta") this.#save();
      this.#show();
    });
    this.#show();
  }

  #show(): void {
    if (this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame(() => this.#render());
    // A page in the background has no frames, but its user may listen to it.
    this.#timer = setTimeout(() => this.#render(), 250);
  }

  #render(): void {
    cancelAnimationFrame(this.#frame ?? 0);
    clearTimeout(this.#timer);
    this.#frame = undefined;
    const { turnInProgress, state, id } = this.#session ?? { turnInProgress: false, state: "bot" as State, id: null };
    this.#state = {
      messages: this.#transcript.messages,
      status: this.#isRetrying ? "retrying" : turnInProgress || this.#isResuming ? "busy" : "ready",
      state,
      canRate: id !== null,
    };
    for (const listener of this.#listeners) listener();
  }

  #save(): void {
    if (this.#session && !this.#isResuming) keep(this.#storage, this.#key, this.#session, this.#transcript.messages);
  }

  get #storage(): Storage | null {
    try {
      return this.#area === "session" ? sessionStorage : this.#area === "local" ? localStorage : null;
    } catch {
      // The user does not allow it.
      return null;
    }
  }
}

/**
 * A conversation with a bot. On a server it renders an empty conversation and sends nothing; a
 * component that is unmounted ends its requests.
 *
 * ```jsx
 * const { messages, send, stop, status } = useHighChat({ slug: "demo" });
 * ```
 */
export function useHighChat(options: HighChatOptions): HighChatControls {
  const store = useRef<Store>(null as unknown as Store);
  store.current ??= new Store(options);
  const { current } = store;
  const state = useSyncExternalStore(current.subscribe, current.state, () => EMPTY);
  useEffect(() => current.mount(), [current]);
  const send = useCallback((text: string) => current.send(text), [current]);
  const stop = useCallback(() => current.stop(), [current]);
  const restart = useCallback(() => current.restart(), [current]);
  const rate = useCallback((rating: 0 | 1, comment?: string) => current.rate(rating, comment), [current]);
  return useMemo(() => ({ ...state, send, stop, rate, restart }), [state, send, stop, rate, restart]);
}
