// Each fault of the sandbox, as the chat page shows it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, sandbox, say, sees, texts, visitor } from "./support.mjs";

/** The end of the bot's reply to a message that asks for a fault. */
const END = "չի վախենում։";

/**
 * How the page shows a reply with this fault. With any other fault it shows the whole reply, after
 * a search if the reply was cut.
 */
const SHOWN = {
  "wrong-type": "failed",
  429: "failed refused",
  "429-seconds": "failed refused",
  "429-date": "failed refused",
  "500-html": "failed",
  "502-empty": "failed",
  "204-empty": "failed",
  redirect: "failed",
  "json-error-200": "failed",
};

/** These faults end with a timeout, which has its own tests. */
const ENDLESS = ["stall", "stall-pings"];

async function names(base) {
  const { faults } = await (await fetch(`${base}/sandbox/faults`)).json();
  return faults.map(({ name }) => name);
}

test("the page shows each fault of a reply correctly", async () => {
  const { base } = await sandbox({ "ping-interval": 300 });
  const chat = await open(await visitor(), `${base}/c/demo`, /Failed to load resource|net::ERR/);
  const sent = [];
  chat.on("request", (request) => {
    if (request.url().includes("/v1/chat")) sent.push(request.url());
  });

  for (const name of await names(base)) {
    if (ENDLESS.includes(name) || name.startsWith("poll-")) continue;
    sent.length = 0;
    await say(chat, `/fault ${name}`);

    const shown = await chat.locator(".theirs").evaluate((node) => {
      const kinds = ["part", "failed", "stopped"].filter((kind) => node.classList.contains(kind));
      return { kinds, text: node.querySelector(".text")?.textContent ?? "" };
    });
    const refused = await chat.locator(".mine.refused").count();
    const found = [...shown.kinds, ...(refused ? ["refused"] : [])].join(" ");
    assert.equal(found, SHOWN[name] ?? "", name);
    if (!SHOWN[name]) assert.ok(shown.text.endsWith(END), `${name}: ${shown.text}`);
    assert.equal(sent.length, 1, name);
    await chat.fill("#message", "");
    await chat.click("#new");
  }
  const { requests } = await (await fetch(`${base}/sandbox/requests`)).json();
  assert.deepEqual(requests.filter(({ path }) => path.endsWith("/redirected")), []);
  chat.clean();
});

test("no fault of a poll ends a handoff or shows a message twice", async () => {
  const { base } = await sandbox({ person: "inbox" });
  const faults = (await names(base)).filter((name) => name.startsWith("poll-") && name !== "poll-404");
  const handoff = async (name) => {
    const chat = await open(await visitor(), `${base}/c/demo?visitor=${name}`, /Failed to load resource/);
    await say(chat, `/fault ${name}`);
    const list = await (await fetch(`${base}/sandbox/inbox`)).json();
    const { id } = list.conversations.find(({ visitor_ref: visitor }) => visitor === name);
    const act = (act, body) =>
      fetch(`${base}/sandbox/inbox/${id}/${act}`, { method: "POST", body: JSON.stringify(body) });
    await act("reply", { text: "մեկ" });
    await sees(chat, ".theirs.person .text", "մեկ");
    await act("reply", { text: "երկու" });
    await sees(chat, ".theirs.person .text", "երկու");
    await act("hand-back");
    await chat.waitForSelector(".notice.bot");

    assert.deepEqual(await texts(chat, ".theirs.person .text"), ["մեկ", "երկու"], name);
    chat.clean();
  };
  // In parallel, because each of them mostly waits.
  await Promise.all(faults.map(handoff));
});
