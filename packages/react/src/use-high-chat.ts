"use client";
/** A conversation as the state of a React component. */

import { Session, type SessionOptions, type State, UsageError } from "@highchat/client";
import { SharedText } from "@highchat/client/tabs";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { type Message, Transcript, read, write } from "./transcript.js";

/** Options of {@link useHighChat}. They are read when the component is mounted. */
export interface HighChatOptions extends SessionOptions {
  /**
   * Where the conversation is kept over a reload: `session` for this tab (the default), `local`
   * for all tabs of this browser, which then show the same conversation, or `none`. In a browser
   * without Web Locks, and in a page over plain `http:`, `local` is as `session`.
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

/** While a reply comes, it is kept this often, in ms. */
const KEEP = 1000;

/**
 * A session with its messages. It renders once a frame at most, however fast a reply comes.
 *
 * Tabs that share a conversation have one session: the tab that has the shared text. The others
 * show what it writes, and take the text before they send.
 */
class Store {
  readonly #options: SessionOptions;
  readonly #key: string;
  readonly #area: HighChatOptions["storage"];
  #shared: SharedText | undefined;
  #session: Session | undefined;
  #transcript = new Transcript();
  #state = EMPTY;
  #isRetrying = false;
  /** What is kept is not read yet, so it must not be replaced. */
  #isResuming = false;
  /** A message waits until this tab has the conversation. */
  #isTaking = false;
  #resumed: Promise<void> = Promise.resolve();
  #kept = 0;
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
    if (this.#area === "local" && SharedText.isAvailable()) {
      this.#shared = this.#share();
      this.#transcript = new Transcript(read(this.#shared.text).messages);
      this.#show();
    } else {
      this.#open(this.#stored());
    }
    const save = () => this.#save();
    // The tab that is looked at has the conversation: the timers of the others are slow.
    const look = () => document.visibilityState === "visible" && void this.#shared?.take();
    addEventListener("pagehide", save);
    document.addEventListener("visibilitychange", look);
    return () => {
      this.#isMounted = false;
      removeEventListener("pagehide", save);
      document.removeEventListener("visibilitychange", look);
      this.#save();
      this.#end();
      this.#shared?.close();
      this.#shared = undefined;
    };
  };

  send(text: string): boolean {
    if (text.trim() === "" || this.#isBusy || !this.#isMounted) return false;
    if (this.#session) {
      this.#send(text);
      return true;
    }
    this.#isTaking = true;
    this.#show();
    void this.#take().then((isTaken) => {
      this.#isTaking = false;
      // Otherwise another tab was in the middle of a reply.
      if (isTaken && !this.#isBusy) this.#send(text);
      else this.#transcript.refuse(text);
      this.#show();
    });
    return true;
  }

  stop(): void {
    if (this.#session) this.#session.cancel();
    else this.#shared?.tell("stop");
  }

  async rate(rating: 0 | 1, comment?: string): Promise<void> {
    if (!(await this.#take())) {
      const details = { code: "in_progress", mayHaveBeenTaken: false, canBeSentAgain: true };
      throw new UsageError("another tab is in the middle of a reply", details);
    }
    await this.#session?.rate(rating, comment);
  }

  restart(): void {
    if (this.#session) return this.#restart();
    this.#shared?.tell("stop");
    void this.#take().then((isTaken) => isTaken && this.#restart());
  }

  get #isBusy(): boolean {
    if (this.#isTaking || this.#isResuming) return true;
    return this.#session ? this.#session.turnInProgress : this.#transcript.isPending;
  }

  #share(): SharedText {
    return new SharedText(this.#key, {
      onHold: (text) => this.#open(text),
      onLose: () => this.#end(),
      onChange: (text) => {
        this.#transcript = new Transcript(read(text).messages);
        this.#show();
      },
      mayLose: () => !this.#session?.turnInProgress,
      onTold: () => this.stop(),
    });
  }

  /** Resolves to whether this tab has the conversation. */
  async #take(): Promise<boolean> {
    await this.#shared?.take();
    await this.#resumed;
    return this.#session !== undefined;
  }

  #send(text: string): void {
    const session = this.#session as Session;
    this.#transcript.send(text);
    // Its end is an update, unless the message itself was not accepted.
    session.ask(text).catch((error) => {
      if (error?.name === "HighChatError" && this.#transcript.isPending) {
        this.#transcript.apply({ type: "turn_ended", turn: 0, end: "failed", error });
        this.#show();
      }
    });
    // The message is on its way. If this tab ends now, its reply is searched for.
    session.ready().then(
      () => this.#session === session && this.#save(),
      () => {},
    );
    this.#show();
  }

  #restart(): void {
    this.#end();
    this.#transcript = new Transcript();
    this.#keep(null);
    this.#begin(null);
  }

  #end(): void {
    this.#session?.close();
    this.#session = undefined;
    this.#isResuming = false;
    this.#isRetrying = false;
  }

  #open(text: string | null): void {
    const { saved, messages } = read(text);
    this.#transcript = new Transcript(messages);
    this.#begin(saved);
  }

  #begin(saved: string | null): void {
    const session = new Session(this.#options);
    this.#follow(session);
    this.#isResuming = saved !== null;
    if (saved === null) return;
    this.#resumed = Session.resume(saved, this.#options).then(
      (resumed) => {
        // The component was unmounted, the user began another conversation, or another tab has it.
        if (!this.#isMounted || this.#session !== session) return resumed.close();
        session.close();
        this.#isResuming = false;
        // It was kept in the moment between a message and its turn.
        if (!resumed.turnInProgress) this.#transcript.apply({ type: "turn_ended", turn: 0, end: "failed" });
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
      if (update.type !== "delta" || performance.now() - this.#kept > KEEP) this.#save();
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
    const { state, canRate } = this.#session
      ? { state: this.#session.state, canRate: this.#session.id !== null }
      : read(this.#shared?.text ?? null);
    this.#state = {
      messages: this.#transcript.messages,
      status: this.#isRetrying ? "retrying" : this.#isBusy ? "busy" : "ready",
      state,
      canRate,
    };
    for (const listener of this.#listeners) listener();
  }

  #save(): void {
    if (!this.#session || this.#isResuming) return;
    this.#kept = performance.now();
    this.#keep(write(this.#session, this.#transcript.messages));
  }

  #keep(text: string | null): void {
    if (this.#shared) return this.#shared.write(text);
    try {
      if (text === null) this.#storage?.removeItem(this.#key);
      else this.#storage?.setItem(this.#key, text);
    } catch {
      // Without storage, a reload begins a new conversation.
    }
  }

  #stored(): string | null {
    try {
      return this.#storage?.getItem(this.#key) ?? null;
    } catch {
      return null;
    }
  }

  get #storage(): Storage | null {
    try {
      return this.#area === "none" ? null : sessionStorage;
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
