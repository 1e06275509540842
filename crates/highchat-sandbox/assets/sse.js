// A decoder for event streams (WHATWG HTML standard, section 9.2.6).

/** The most characters in one event. The service sends no larger events. */
const MAX_EVENT = 1 << 20;

/** Decodes bytes into events of the form `{ event, data }`. */
export class EventDecoder {
  // It removes a byte order mark at the start, and keeps the first part of a cut character.
  #decoder = new TextDecoder();
  #afterCr = false;
  #rest = "";
  #event = "";
  #data = [];
  #length = 0;

  /** Takes the next bytes. Returns the events that they complete. */
  push(bytes) {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /**
   * Takes the end of the stream. Returns an event whose blank line is missing. The standard
   * drops such an event; here the caller decides whether it is complete.
   */
  finish() {
    const events = this.#take(this.#decoder.decode());
    this.#line(this.#rest, events);
    this.#rest = "";
    this.#line("", events);
    return events;
  }

  #take(text) {
    if (text === "") return [];
    // The LF of a CR LF that was split over two pieces.
    if (this.#afterCr && text.startsWith("\n")) text = text.slice(1);
    if (text !== "") this.#afterCr = text.endsWith("\r");
    else this.#afterCr = false;
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    const events = [];
    for (const line of lines) this.#line(line, events);
    if (this.#length + this.#rest.length > MAX_EVENT) throw new RangeError("a huge event");
    return events;
  }

  #line(line, events) {
    if (line === "") {
      if (this.#data.length > 0) {
        events.push({ event: this.#event || "message", data: this.#data.join("\n") });
      }
      this.#event = "";
      this.#data = [];
      this.#length = 0;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "event") this.#event = value;
    if (field === "data") {
      this.#data.push(value);
      this.#length += value.length;
      if (this.#length > MAX_EVENT) throw new RangeError("a huge event");
    }
  }
}
