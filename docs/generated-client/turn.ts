// A turn against the sandbox, with a client whose types are generated from `openapi.yaml`.
//
// The compiler holds this file against the description, and the sandbox answers at run time.
// It finds HIGHCHAT_BASE_URL and HIGHCHAT_KEY in its environment, as `highchat sandbox --check`
// sets them, and expects a limit of two messages a minute and polls a second apart.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { EventSourceParserStream } from "eventsource-parser/stream";
import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];
type Client = ReturnType<typeof connect>;

const baseUrl = process.env["HIGHCHAT_BASE_URL"];
const key = process.env["HIGHCHAT_KEY"];
assert(baseUrl && key, "HIGHCHAT_BASE_URL and HIGHCHAT_KEY say where the sandbox is");

function connect(key: string) {
  return createClient<paths>({
    baseUrl: baseUrl!,
    headers: { authorization: `Bearer ${key}` },
    // The key must not go elsewhere.
    redirect: "error",
  });
}

/** Why there is no reply: the error of the API, with the status beside it. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: Schemas["ErrorCode"],
    message: string,
    readonly retryAfter: string | null,
  ) {
    super(message);
  }
}

/** Sends a message, and gives the events of the reply up to its last. */
async function* send(
  client: Client,
  request: Schemas["ChatRequest"],
): AsyncGenerator<Schemas["ReplyEvent"]> {
  const { data, error, response } = await client.POST("/v1/chat", {
    body: request,
    headers: { accept: "text/event-stream" },
    parseAs: "stream",
  });
  if (error) {
    const retryAfter = response.headers.get("retry-after");
    throw new Refusal(response.status, error.error.code, error.error.message, retryAfter);
  }
  assert(data, "a reply has a body");
  const events = data.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const message of events) {
    if (!isKnown(message.event)) {
      continue;
    }
    // The tests of the description hold each event of the sandbox against its schema.
    const event = { event: message.event, data: JSON.parse(message.data) } as Schemas["ReplyEvent"];
    yield event;
    if (event.event === "done" || event.event === "human" || event.event === "error") {
      return;
    }
  }
  throw new Error("the reply was cut");
}

/** Every event of the description: the compiler refuses one that is missing or unknown. */
const KNOWN: Record<Schemas["ReplyEvent"]["event"], true> = {
  meta: true,
  delta: true,
  done: true,
  human: true,
  error: true,
  ping: true,
};

function isKnown(event: string | undefined): event is Schemas["ReplyEvent"]["event"] {
  return event !== undefined && event in KNOWN;
}

/** What a reply came to. */
interface Reply {
  conversation: string | undefined;
  text: string;
  pieces: number;
  end: Schemas["DoneEvent"] | Schemas["HumanEvent"] | Schemas["ErrorEvent"] | undefined;
}

async function ask(client: Client, request: Schemas["ChatRequest"]): Promise<Reply> {
  const reply: Reply = { conversation: undefined, text: "", pieces: 0, end: undefined };
  for await (const event of send(client, request)) {
    switch (event.event) {
      case "meta":
        reply.conversation = event.data.conversation_id;
        break;
      case "delta":
        reply.text += event.data.text;
        reply.pieces += 1;
        break;
      case "done":
      case "human":
      case "error":
        reply.end = event;
        break;
      case "ping":
        break;
      default:
        event satisfies never;
    }
  }
  return reply;
}

async function refusalOf(client: Client, request: Schemas["ChatRequest"]): Promise<Refusal> {
  try {
    await ask(client, request);
  } catch (error) {
    if (error instanceof Refusal) {
      return error;
    }
    throw error;
  }
  assert.fail("the message was taken");
}

const ARMENIAN = /\p{Script=Armenian}/u;
const client = connect(key);

// A reply in Armenian, in pieces.
const question = "Բարև, ի՞նչ ժամերի եք աշխատում 🕐";
const reply = await ask(client, { message: question, visitor_ref: "օգտատեր-42 🙂" });
console.log(`${reply.pieces} pieces: ${reply.text}`);
assert(reply.conversation, "meta gave the id of the conversation");
assert(reply.pieces > 1);
assert.match(reply.text, ARMENIAN);
assert(reply.end?.event === "done");
assert.equal(reply.end.data.state satisfies string, "bot");

// The same in the messages.
const conversation = { path: { id: reply.conversation } };
const page = await client.GET("/v1/conversations/{id}/messages", { params: conversation });
assert(page.data, "the messages are listed");
const [first, second] = page.data.messages;
assert(first && second && page.data.messages.length === 2);
assert.deepEqual([first.role, first.content], ["user", question]);
assert.deepEqual([second.role, second.content], ["assistant", reply.text]);
assert.equal(second.id, reply.end.data.message_id);
assert.equal(page.data.state, "bot");

// A rating.
const rating: Schemas["RatingRequest"] = { rating: 1, comment: "շատ օգտակար էր 👍" };
const rated = await client.POST("/v1/conversations/{id}/rating", { params: conversation, body: rating });
assert.equal(rated.error, undefined);
assert(rated.response.ok);

// A person takes over.
const handoff = await ask(client, { message: "/human", conversation_id: reply.conversation });
assert(handoff.end?.event === "human");
assert.match(handoff.end.data.message, ARMENIAN);
await sleep(1000);
const after = { ...conversation, query: { after: second.created_at } };
const handed = await client.GET("/v1/conversations/{id}/messages", { params: after });
assert.equal(handed.data?.state, "human");
assert.deepEqual(handed.data?.messages.map(({ content }) => content), ["/human"]);

// A key that is wrong, for each operation.
const stranger = connect("hc_wrong");
const unknown = await refusalOf(stranger, { message: "Բարև 👋" });
assert.deepEqual([unknown.status, unknown.code], [401, "unauthenticated"]);
assert.match(unknown.message, ARMENIAN);
const elsewhere = { path: { id: "զրույց/42" } };
for (const { error, response } of [
  await stranger.GET("/v1/conversations/{id}/messages", { params: elsewhere }),
  await stranger.POST("/v1/conversations/{id}/rating", { params: elsewhere, body: rating }),
]) {
  const refused: Schemas["ErrorBody"] | undefined = error;
  assert.deepEqual([response.status, refused?.error.code], [401, "unauthenticated"]);
}
console.log(`401: ${unknown.message}`);

// A third message within the minute.
const limited = await refusalOf(client, { message: "Էլի մի հարց 🙂", conversation_id: null });
assert.deepEqual([limited.status, limited.code], [429, "rate_limited"]);
assert.match(limited.message, ARMENIAN);
assert(Number(limited.retryAfter) > 0);
console.log(`429: ${limited.message}`);

/** Never called: what the generated types must refuse, or the compiler finds a directive unused. */
export async function refusedByTheCompiler(page: Schemas["Page"], event: Schemas["ReplyEvent"]) {
  // @ts-expect-error a message is required
  await client.POST("/v1/chat", { body: {} });
  // @ts-expect-error a message is a string
  await client.POST("/v1/chat", { body: { message: 1 } });
  // @ts-expect-error no such field
  ({ message: "Բարև", vistor_ref: "օգտատեր-42" }) satisfies Schemas["ChatRequest"];
  // @ts-expect-error no such rating
  await client.POST("/v1/conversations/{id}/rating", { params: conversation, body: { rating: 2 } });
  // @ts-expect-error the id is in the path
  await client.GET("/v1/conversations/{id}/messages", {});
  // @ts-expect-error no such operation
  await client.POST("/v1/conversations/{id}/messages", { params: conversation });
  // @ts-expect-error no such field
  page.cursor;
  // @ts-expect-error no such state
  "asleep" satisfies Schemas["KnownState"];
  // @ts-expect-error a text is there in a `delta` only
  event.data.text;
}
