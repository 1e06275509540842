// The package in Node: what a program sees of its interface.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedError, Session, UsageError } from "../client/dist/index.js";
import { decodeEvents } from "../client/dist/decoder.js";

/** A `fetch` that answers each request with the next of these. */
function answers(...bodies) {
  const requests = [];
  const fetch = async (url, options) => {
    requests.push({ url, ...options });
    const next = bodies.shift();
    if (next instanceof Error) throw next;
    if (next instanceof Response) return next;
    return new Response(next, { headers: { "content-type": "text/event-stream" } });
  };
  return { fetch, requests };
}

const META = 'event: meta\ndata: {"conversation_id":"c1"}\n\n';
const DELTA = 'event: delta\ndata: {"text":"Ողջույն 😀"}\n\n';
const DONE = 'event: done\ndata: {"message_id":"m1","state":"bot","ts":"2026-06-14T10:00:00Z"}\n\n';

test("a turn can be iterated, and awaited as a whole", async () => {
  const { fetch, requests } = answers(META + DELTA + DONE, META + DELTA + DONE);
  const session = new Session({ key: "hc_test", fetch });
  const types = [];
  for await (const update of session.send("Բարև 👋")) types.push(update.type);
  assert.deepEqual(types, ["meta", "delta", "done", "turn_ended"]);
  assert.deepEqual(await session.ask("Նորից"), { text: "Ողջույն 😀", end: "done", message_id: "m1" });

  const [first, second] = requests;
  assert.equal(first.url, "https://app.highchat.am/v1/chat");
  assert.equal(first.redirect, "manual");
  assert.equal(first.credentials, "omit");
  assert.deepEqual(Object.fromEntries(first.headers), {
    accept: "text/event-stream",
    authorization: "Bearer hc_test",
    "content-type": "application/json",
  });
  assert.deepEqual(JSON.parse(second.body), { message: "Նորից", conversation_id: "c1" });
  session.close();
});

test("leaving the loop cancels the turn and its request", async () => {
  let signal;
  const endless = new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode(META + DELTA)) });
  const { fetch } = answers(endless);
  const session = new Session({ slug: "demo", fetch: (url, options) => ((signal = options.signal), fetch(url, options)) });
  for await (const update of session.send("Բարև")) if (update.type === "delta") break;
  assert.equal(session.turnInProgress, false);
  assert.equal(signal.aborted, true);
  session.close();
});

test("a second message during a turn is refused and not sent", async () => {
  const { fetch, requests } = answers(META + DELTA + DONE);
  const session = new Session({ slug: "demo", fetch });
  const turn = session.send("Բարև");
  await assert.rejects(session.ask("Նորից"), { code: "in_progress", mayHaveBeenTaken: false });
  await turn.answer();
  assert.equal(requests.length, 1);
  session.close();
});

test("a refusal has the service's code and sentence, and says that nothing was taken", async () => {
  const body = JSON.stringify({ error: { code: "unauthenticated", message: "Սխալ բանալի 🔑" } });
  const { fetch } = answers(new Response(body, { status: 401, headers: { "content-type": "application/json" } }));
  const session = new Session({ key: "hc_wrong", fetch });
  await assert.rejects(session.ask("Բարև"), (error) => {
    assert.ok(error instanceof RefusedError);
    const { code, status, sentence, mayHaveBeenTaken } = error;
    assert.deepEqual([code, status, sentence, mayHaveBeenTaken], ["unauthenticated", 401, "Սխալ բանալի 🔑", false]);
    return true;
  });
  session.close();
});

test("a fetch that throws may have sent the message, so it is not repeated", async () => {
  const { fetch, requests } = answers(new TypeError("Failed to fetch"));
  const session = new Session({ slug: "demo", fetch });
  await assert.rejects(session.ask("Բարև"), { code: "no_answer", mayHaveBeenTaken: true, canBeSentAgain: false });
  assert.equal(requests.length, 1);
  session.close();
});

test("a redirect is reported, and never followed", async () => {
  const { fetch, requests } = answers(new Response(null, { status: 307, headers: { location: "https://elsewhere.example" } }));
  const session = new Session({ key: "hc_test", fetch });
  await assert.rejects(session.ask("Բարև"), { code: "not_a_reply" });
  assert.equal(requests.length, 1);
  session.close();
});

test("a message or an option that is not valid is an error that sends nothing", async () => {
  const { fetch, requests } = answers();
  const session = new Session({ slug: "demo", fetch });
  for (const text of ["", "ա".repeat(4001)]) await assert.rejects(session.ask(text), { code: "invalid" });
  await assert.rejects(session.rate(1), { code: "no_conversation" });
  session.close();
  await assert.rejects(session.ask("Բարև"), { code: "closed" });
  for (const options of [
    { key: "hc secret" },
    { slug: "demo", baseUrl: "http://chat.example" },
    { slug: "demo", baseUrl: "chat" },
    { slug: "demo", settings: { idleTimeout: -1 } },
    { slug: "demo", settings: { patience: 1 } },
    { slug: "demo", visitorRef: "ա".repeat(201) },
  ]) {
    const invalid = new Session({ ...options, fetch });
    await assert.rejects(invalid.ready(), (error) => error instanceof UsageError && !error.message.includes("secret"));
    await assert.rejects(invalid.ask("Բարև"), { code: "invalid" });
    invalid.close();
  }
  assert.throws(() => new Session({ slug: "demo", key: "hc_test" }), UsageError);
  await assert.rejects(Session.resume("{}", { slug: "demo", fetch }), { code: "invalid" });
  assert.equal(requests.length, 0);
});

test("a listener that throws does not stop the conversation", async () => {
  const { fetch } = answers(META + DELTA + DONE);
  const session = new Session({ slug: "demo", fetch });
  const thrown = [];
  globalThis.reportError = (error) => thrown.push(error.message);
  session.on("update", ({ type }) => {
    if (type === "delta") throw new Error("the page's own");
  });
  assert.equal((await session.ask("Բարև")).text, "Ողջույն 😀");
  delete globalThis.reportError;
  assert.deepEqual(thrown, ["the page's own"]);
  session.close();
});

test("a reply that nobody reads is held as one text, and reading goes on when somebody does", async () => {
  const piece = "ա".repeat(10_000);
  let pulled = 0;
  const stream = new ReadableStream({
    pull(controller) {
      pulled += 1;
      const text = pulled > 400 ? DONE : `event: delta\ndata: {"text":"${piece}"}\n\n`;
      controller.enqueue(new TextEncoder().encode(text));
      if (pulled > 400) controller.close();
    },
  });
  const { fetch } = answers(stream);
  const session = new Session({ slug: "demo", fetch, settings: { replyLimit: 16 << 20 } });
  const updates = session.send("Բարև")[Symbol.asyncIterator]();
  await updates.next();
  for (let n = 0; n < 200; n += 1) await new Promise(setImmediate);
  assert.ok(pulled < 150, `${pulled} pieces were read ahead`);
  let length = piece.length;
  for (;;) {
    const { value, done } = await updates.next();
    if (done) break;
    length += value.append?.length ?? 0;
  }
  assert.equal(length, 400 * piece.length);
  session.close();
});

test("a page that is slow to read is not taken for a service that is silent", async () => {
  const piece = "ա".repeat(100_000);
  let body;
  const fetch = async () =>
    new Response(new ReadableStream({ start: (it) => (body = it) }), { headers: { "content-type": "text/event-stream" } });
  let now = 0;
  const timers = new Set();
  const platform = {
    fetch,
    now: () => now,
    after: (delay, run) => {
      const timer = { at: now + delay, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    isOnline: () => true,
    on: () => () => {},
  };
  const settle = async () => {
    for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
  };
  const pass = async (time) => {
    now += time;
    for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.run();
    await settle();
  };
  const session = new Session({ slug: "demo", platform, settings: { replyLimit: 16 << 20 } });
  await session.ready();
  const turn = session.send("Բարև")[Symbol.asyncIterator]();
  const first = turn.next();
  await settle();
  for (let n = 0; n < 12; n += 1) body.enqueue(new TextEncoder().encode(`event: delta\ndata: {"text":"${piece}"}\n\n`));
  let { length } = (await first).value.append;
  await settle();

  // Ten minutes, in which nobody reads, and then the page reads on.
  for (let n = 0; n < 10; n += 1) await pass(60_000);
  let last;
  while (length < 12 * piece.length) {
    last = (await turn.next()).value;
    length += last.append?.length ?? 0;
    await settle();
  }
  for (let n = 0; n < 3; n += 1) await pass(10_000);
  body.enqueue(new TextEncoder().encode(DONE));
  await settle();
  for (let next = await turn.next(); !next.done; next = await turn.next()) last = next.value;
  assert.equal(last.end, "done");
  session.close();
});

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

async function decode(chunks, options) {
  const events = [];
  const stream = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  for await (const { event, data } of decodeEvents(stream, options)) events.push([event, data]);
  return events;
}

test("the decoder gives the same events wherever the stream is cut", async () => {
  for (const [text, events] of STREAMS) {
    const bytes = new TextEncoder().encode(text);
    assert.deepEqual(await decode([...bytes].map((byte) => Uint8Array.of(byte))), events, JSON.stringify(text));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const chunks = [bytes.slice(0, cut), new Uint8Array(), bytes.slice(cut)];
      assert.deepEqual(await decode(chunks), events, `${JSON.stringify(text)} at ${cut}`);
    }
  }
});

test("invalid UTF-8 is replaced, and an event that is too long is refused", async () => {
  const bytes = Uint8Array.of(...new TextEncoder().encode("data: "), 0xff, 0x0a, 0x0a);
  assert.deepEqual(await decode([bytes]), [["message", "\uFFFD"]]);
  const long = new TextEncoder().encode(`data: ${"x".repeat(5000)}\n\n`);
  await assert.rejects(decode([long], { limit: 4096 }), RangeError);
});
