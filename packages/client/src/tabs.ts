/** A text that the tabs of a page share, such as a saved conversation. */

/** What a tab does with a shared text. */
export interface SharedTextOptions {
  /** This tab has the text from now on, and no other tab has. `text` is the newest. */
  onHold(text: string | null): void;
  /** Another tab changed the text. */
  onChange(text: string | null): void;
  /** Another tab has the text from now on. Stop everything that may change it. */
  onLose(): void;
  /** Whether another tab may have the text now. Return `false` in the middle of a turn. */
  mayLose(): boolean;
  /** Another tab asks for something; see {@link SharedText.tell}. */
  onTold?(what: string): void;
  /** Where the text is kept. `localStorage` by default. */
  storage?: Storage;
}

/**
 * A text, and its place in the order of all changes: the first of a tab that gets the text is
 * above everything that the tab before it can still write.
 */
interface Version {
  revision: number;
  text: string | null;
}

type Heard =
  | Version
  | { ask: number }
  /** The answer to `ask`. */
  | { answer: number; isYes: boolean }
  | { what: string };

/** How long a tab that has the text may take to answer, in ms. A suspended tab never answers. */
const PATIENCE = 1000;

/** More changes than one tab makes while it has the text. */
const TERM = 2 ** 20;

/**
 * A text that the tabs of a page share. One tab at a time has it and may change it; the others
 * see the changes. If that tab is closed, reloaded or crashes, another one has the text at once.
 *
 * An older text does not replace a newer one, not even if a tab is suspended while it has the
 * text and writes later: each change has a revision, and the tab that has the text repairs it.
 *
 * It needs `localStorage`, `BroadcastChannel` and `navigator.locks`, which a page over plain
 * `http:` does not have: ask {@link SharedText.isAvailable} before.
 */
export class SharedText {
  readonly #name: string;
  readonly #options: SharedTextOptions;
  readonly #storage: Storage;
  readonly #channel: BroadcastChannel;
  #known: Version = { revision: 0, text: null };
  #isHeld = false;
  #isClosed = false;
  /** Gives the lock back. Without it, another tab has the lock. */
  #release: (() => void) | undefined;
  /** Ends the wait for the lock. */
  #waiting = new AbortController();
  #taking: Promise<boolean> | undefined;
  /** What to do as soon as this tab has the text. */
  #onceHeld = new Set<() => void>();
  #answers = new Map<number, (isYes: boolean) => void>();

  /** Whether this browser can share a text between tabs. */
  static isAvailable(): boolean {
    try {
      return Boolean(globalThis.navigator?.locks && globalThis.BroadcastChannel && globalThis.localStorage);
    } catch {
      // The user does not allow storage.
      return false;
    }
  }

  /** Begins to wait for the text `name`. */
  constructor(name: string, options: SharedTextOptions) {
    this.#name = name;
    this.#options = options;
    this.#storage = options.storage ?? localStorage;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#learn(this.#stored());
    this.#wait();
  }

  /** The newest text that this tab knows; `null` if there is none. */
  get text(): string | null {
    return this.#known.text;
  }

  /** Whether this tab has the text. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Changes the text. Does nothing if another tab has it. */
  write(text: string | null): void {
    if (!this.#isHeld) return;
    // A tab that was suspended may not know yet that another one has the text.
    if (this.#learn(this.#stored())) return this.#lose();
    this.#write({ revision: this.#known.revision + 1, text });
  }

  /**
   * Asks for the text. Resolves to `true` when this tab has it, and to `false` if the tab that
   * has it did not allow it. A tab that does not answer within 2 s loses it.
   */
  take(): Promise<boolean> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  /**
   * Asks the tab that has the text to do something: its `onTold` is called. That may be much
   * later or never, so ask only for what does no harm then.
   */
  tell(what: string): void {
    if (!this.#isClosed) this.#channel.postMessage({ what });
  }

  /** Gives the text back, and waits for it no longer. */
  close(): void {
    this.#isClosed = true;
    this.#isHeld = false;
    this.#waiting.abort();
    this.#release?.();
    this.#channel.close();
    this.#ring();
  }

  async #take(): Promise<boolean> {
    // The second time, the tab that has the text may be another one.
    for (let n = 0; n < 2 && !this.#isHeld && !this.#isClosed; n += 1) {
      const isYes = await this.#ask();
      if (isYes === false) return false;
      if (isYes) break;
    }
    if (!this.#isHeld && !this.#isClosed) {
      const held = new Promise<void>((resolve) => this.#onceHeld.add(resolve));
      this.#waiting.abort();
      this.#request({ steal: true });
      await held;
    }
    return this.#isHeld;
  }

  /** The answer of the tab that has the text; `undefined` if none comes. */
  async #ask(): Promise<boolean | undefined> {
    const id = Math.random();
    let onHeld = (): void => {};
    const answer = await new Promise<boolean | undefined>((resolve) => {
      onHeld = () => resolve(true);
      this.#onceHeld.add(onHeld);
      this.#answers.set(id, resolve);
      setTimeout(resolve, PATIENCE);
      this.#channel.postMessage({ ask: id });
    });
    this.#onceHeld.delete(onHeld);
    this.#answers.delete(id);
    return answer;
  }

  #hear(heard: Heard): void {
    if ("text" in heard) {
      if (this.#learn(heard)) {
        this.#lose();
        this.#options.onChange(heard.text);
      } else if (this.#isHeld) {
        // It may have replaced what this tab has written.
        this.write(this.#known.text);
      }
    } else if ("answer" in heard) {
      this.#answers.get(heard.answer)?.(heard.isYes);
    } else if (!this.#isHeld) {
      return;
    } else if ("what" in heard) {
      this.#options.onTold?.(heard.what);
    } else {
      const isYes = this.#options.mayLose();
      if (isYes) this.#lose();
      this.#channel.postMessage({ answer: heard.ask, isYes });
    }
  }

  #write(version: Version): void {
    this.#known = version;
    try {
      this.#storage.setItem(this.#name, JSON.stringify(this.#known));
    } catch {
      // It is full, or not allowed. The other tabs hear of the text anyway.
    }
    this.#channel.postMessage(this.#known);
  }

  /** Waits until no other tab has the lock. */
  #wait(): void {
    this.#waiting = new AbortController();
    this.#request({ signal: this.#waiting.signal });
  }

  #request(options: LockOptions): void {
    let isGranted = false;
    const granted = (): Promise<void> | undefined => {
      if (this.#isClosed) return undefined;
      isGranted = true;
      const over = new Promise<void>((resolve) => {
        this.#release = resolve;
      });
      this.#hold();
      return over;
    };
    navigator.locks.request(this.#name, options, granted).catch(() => {
      // If it was not granted, this tab itself ended the wait.
      if (!isGranted || this.#isClosed) return;
      this.#release = undefined;
      this.#lose();
      this.#wait();
    });
  }

  #hold(): void {
    if (this.#isHeld || this.#isClosed) return;
    this.#learn(this.#stored());
    this.#isHeld = true;
    const { revision, text } = this.#known;
    this.#write({ revision: (Math.floor(revision / TERM) + 1) * TERM, text });
    this.#options.onHold(text);
    this.#ring();
  }

  #lose(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#options.onLose();
    // The tab that asked may be gone without taking the lock. Then this one goes on.
    setTimeout(() => this.#release && this.#hold(), 2 * PATIENCE);
  }

  #ring(): void {
    for (const ring of this.#onceHeld) ring();
    this.#onceHeld.clear();
  }

  #stored(): Version {
    try {
      const { revision, text } = JSON.parse(this.#storage.getItem(this.#name) ?? "") as Version;
      if (Number.isSafeInteger(revision) && (text === null || typeof text === "string")) return { revision, text };
    } catch {
      // Nothing is stored, or storage is not allowed.
    }
    return { revision: 0, text: null };
  }

  /** Remembers a version, if it is newer than the one that is known. Returns whether it is. */
  #learn(version: Version): boolean {
    const isNewer = version.revision > this.#known.revision;
    if (isNewer) this.#known = version;
    return isNewer;
  }
}
