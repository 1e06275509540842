// The page's decoder for event streams, tested in the browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, sandbox, visitor } from "./support.mjs";

const STREAMS = [
  ["event: a\ndata: 1\n\n", [["a", "1"]]],
  ["event: a\r\ndata: 1\r\n\r\n", [["a", "1"]]],
  ["event: a\rdata: 1\r\r", [["a", "1"]]],
  ["event: a\r\ndata: 1\n\rdata: 2\r\n\n", [["a", "1"], ["message", "2"]]],
  ["\uFEFFdata: bom\n\n", [["message", "bom"]]],
  ["data: \uFEFFx\n\n", [["message", "\uFEFFx"]]],
  [": comment\n:\ndata: x\n: more\ndata:y\n\n", [["message", "x\ny"]]],
  ["data\n\ndata:\n\n", [["message", ""], ["message", ""]]],
  ["data:  two spaces\n\n", [["message", " two spaces"]]],
  ["event: lost\n\ndata: x\n\n", [["message", "x"]]],
  ["id: 1\nretry: 5\nunknown: 7\nEvent: no\ndata: x\n\n", [["message", "x"]]],
  ["data: Բարև 😀\n\n", [["message", "Բարև 😀"]]],
  ["data: a\u2028b\u0085c\n\n", [["message", "a\u2028b\u0085c"]]],
  ["\n\n\ndata: x\n\n\n", [["message", "x"]]],
  ["data: no blank line\n", [["message", "no blank line"]]],
  ["data: no line end", [["message", "no line end"]]],
  ["event: a", []],
];

test("the decoder gives the same events wherever the stream is cut", async () => {
  const { base } = await sandbox();
  const page = await open(await visitor(), `${base}/c/demo`);

  const found = await page.evaluate(async (streams) => {
    const { EventDecoder } = await import("/assets/sse.js");
    const decode = (pieces) => {
      const decoder = new EventDecoder();
      const events = pieces.flatMap((piece) => decoder.push(piece));
      return JSON.stringify([...events, ...decoder.finish()].map(({ event, data }) => [event, data]));
    };
    return streams.map(([text]) => {
      const bytes = new TextEncoder().encode(text);
      const results = new Set([decode([...bytes].map((byte) => Uint8Array.of(byte)))]);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        results.add(decode([bytes.slice(0, cut), new Uint8Array(), bytes.slice(cut)]));
      }
      return [...results].map((result) => JSON.parse(result));
    });
  }, STREAMS);

  STREAMS.forEach(([text, events], place) => assert.deepEqual(found[place], [events], JSON.stringify(text)));
  page.clean();
});

test("invalid UTF-8 is replaced, and an event that is too long is refused", async () => {
  const { base } = await sandbox();
  const page = await open(await visitor(), `${base}/c/demo`);

  const [text, huge] = await page.evaluate(async () => {
    const { EventDecoder } = await import("/assets/sse.js");
    const bytes = Uint8Array.of(...new TextEncoder().encode("data: "), 0xff, 0x0a, 0x0a);
    const [{ data }] = new EventDecoder().push(bytes);
    const decoder = new EventDecoder();
    const line = new TextEncoder().encode(`data: ${"x".repeat(65_536)}\n`);
    try {
      for (let n = 0; n < 100; n += 1) decoder.push(line);
    } catch (error) {
      return [data, error.name];
    }
    return [data, "endless"];
  });

  assert.deepEqual([text, huge], ["\uFFFD", "RangeError"]);
  page.clean();
});
