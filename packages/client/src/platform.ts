/** What a session needs of the page, the worker or the server that it runs in. */

/** Timers, a clock and `fetch`. A test may play all of them. */
export interface Platform {
  /** Like the global `fetch`. */
  fetch(url: string, options: RequestInit): Promise<Response>;
  /** Milliseconds since any moment. It never goes back. */
  now(): number;
  /** Calls `run` after `delay` milliseconds. Returns a function that prevents it. */
  after(delay: number, run: () => void): () => void;
  /** False if it is certain that nothing can be sent. */
  isOnline(): boolean;
  /** Calls `listener` when this happens: the page is left, shown again, or goes online. */
  on(event: "pagehide" | "pageshow" | "online", listener: () => void): () => void;
}

/** The longest delay of a timer; a longer one would end at once. */
const LONGEST = 2 ** 31 - 1;

export const here: Platform = {
  // Looked up at each call, because tools and tests replace the global function.
  fetch: (url, options) => globalThis.fetch(url, options),
  now: () => performance.now(),
  after(delay, run) {
    const timer = setTimeout(run, Math.min(delay, LONGEST));
    return () => clearTimeout(timer);
  },
  // Node has no `onLine`, and neither has an older worker.
  isOnline: () => globalThis.navigator?.onLine !== false,
  on(event, listener) {
    const target = globalThis as Partial<EventTarget>;
    target.addEventListener?.(event, listener);
    return () => target.removeEventListener?.(event, listener);
  },
};
