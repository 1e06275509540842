/** The decoder of event streams alone, without a conversation. */

import text from "./decoder.wasm.js";
import { type Instance, Module } from "./module.js";

interface Exports {
  begin(limit: number): void;
  push(): void;
  next(): number;
  finish(): number;
  event_len(): number;
}

const module = new Module(text);

const EVENT = 1;
const TOO_LONG = 2;

/** An event of a stream. */
export interface StreamEvent {
  /** The type: the value of the field `event`, or `message`. */
  event: string;
  /** The values of the fields `data`, joined by line feeds. */
  data: string;
}

/** Options of {@link decodeEvents}. */
export interface DecodeOptions {
  /** The size limit of one event, in bytes. 1 MiB by default. */
  limit?: number;
}

/**
 * Decodes an event stream by the WHATWG standard: whatever the ends of its lines are, and wherever
 * it is cut into chunks. An event comes with the chunk that completes it. The last event comes
 * even if no blank line follows it, which the standard drops.
 *
 * ```js
 * for await (const { event, data } of decodeEvents(response.body)) console.log(event, data);
 * ```
 *
 * A `RangeError` is thrown for an event longer than the limit, and the stream's own error if it
 * breaks off. If the loop ends early, the stream is cancelled.
 */
export async function* decodeEvents(
  stream: ReadableStream<Uint8Array>,
  { limit = 1 << 20 }: DecodeOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  const instance = await module.instance<Exports>();
  instance.call.begin(limit);
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      instance.give(value);
      instance.call.push();
      for (;;) {
        const found = instance.call.next();
        if (found === TOO_LONG) throw new RangeError(`an event is longer than ${limit} bytes`);
        if (found !== EVENT) break;
        yield event(instance);
      }
    }
    if (instance.call.finish() === EVENT) yield event(instance);
  } finally {
    // After the end of the stream this does nothing.
    reader.cancel().catch(() => {});
  }
}

function event(instance: Instance<Exports>): StreamEvent {
  const length = instance.call.event_len();
  return { event: instance.text(0, length) || "message", data: instance.text(length) };
}
