// Sessions that another program commands: `highchat_conformance::remote` describes how. It runs
// in a page, a worker or Node.

export class Host {
  #Session;
  #sessions = new Map();

  constructor(Session) {
    this.#Session = Session;
  }

  /** Carries out a command. Returns its answer. */
  async command({ session: number, ...command }) {
    try {
      const rest = await this.#answer(number, command);
      return { session: number, ...rest, status: this.#sessions.get(number)?.status ?? null };
    } catch (error) {
      return { session: number, failed: String(error?.stack ?? error) };
    }
  }

  async #answer(number, command) {
    if (command.do === "open") {
      this.#sessions.get(number)?.close();
      this.#sessions.set(number, await Hosted.open(this.#Session, command));
      return {};
    }
    const hosted = this.#sessions.get(number);
    if (command.do === "close") {
      hosted.close();
      this.#sessions.delete(number);
      return {};
    }
    return hosted.answer(command);
  }
}

/** A session, and its updates until they are asked for. */
class Hosted {
  #session;
  #updates = [];
  #ratings = 0;
  #wake = () => {};

  static async open(Session, { options, saved }) {
    const hosted = new Hosted();
    hosted.#session = saved === undefined ? new Session(options) : await Session.resume(saved, options);
    hosted.#session.on("update", (update) => {
      hosted.#updates.push(plain(update));
      hosted.#wake();
    });
    await hosted.#session.ready();
    return hosted;
  }

  async answer(command) {
    const session = this.#session;
    switch (command.do) {
      case "send": {
        const accepted = !session.turnInProgress;
        if (accepted) void this.#follow(session.send(command.text));
        return { accepted };
      }
      case "rate":
        void this.#rate(command);
        return { accepted: true };
      case "cancel":
        session.cancel();
        return {};
      case "save":
        return { saved: session.save() };
      case "next":
        return { update: await this.#next() };
      default:
        throw new TypeError(command.do);
    }
  }

  /** Reads a turn as a page would, and checks that it ends as its updates say. */
  async #follow(turn) {
    let end;
    let failed = null;
    try {
      for await (const update of turn) if (update.type === "turn_ended") end = update;
    } catch (error) {
      failed = error;
    }
    if (failed !== (end?.error ?? null)) {
      this.#updates.push({ type: "turn_ended", turn: 0, end: `not as its updates say: ${failed}` });
      this.#wake();
    }
  }

  /** Rates. The end is an update. */
  async #rate({ rating, comment }) {
    this.#ratings += 1;
    await this.#session.rate(rating, comment).catch(() => {});
    this.#ratings -= 1;
    this.#wake();
  }

  get #isBusy() {
    return this.#session.turnInProgress || this.#session.isPolling || this.#ratings > 0;
  }

  async #next() {
    while (this.#updates.length === 0 && this.#isBusy) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#updates.shift() ?? null;
  }

  get status() {
    const { id, state, isPolling, turnInProgress } = this.#session;
    return { id, state, isPolling, turnInProgress };
  }

  close() {
    this.#session.close();
    this.#wake();
  }
}

/** An update as plain data: the class of an error is named. */
export function plain(update) {
  if (!("error" in update) || !update.error) return update;
  const { message, code, status, mayHaveBeenTaken, canBeSentAgain, retryAfter } = update.error;
  const name = CLASSES.find((Class) => update.error instanceof globalThis.highchat[Class]);
  return {
    ...update,
    error: { class: name, message, code, status, mayHaveBeenTaken, canBeSentAgain, retryAfter },
  };
}

const CLASSES = [
  "UnreachableError",
  "NoAnswerError",
  "RefusedError",
  "NotAReplyError",
  "IncompleteError",
  "ServiceError",
];
