// Two tabs of one page: they share a text, and a conversation.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launch, sandbox, serve } from "./browser.mjs";

const LONG = 20_000;

const PAGE = `<!doctype html><html lang="hy"><title>Test</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/react/dist/highchat.css">
<div id="root"></div><script type="module">
globalThis.SharedText = (await import("/client/dist/tabs.js")).SharedText;
if (location.search) await import("/test/built/tabs/react-page.js");
</script>`;

let browser;
let site;

before(async () => {
  const here = (name) => fileURLToPath(new URL(name, import.meta.url));
  await build({
    entryPoints: [here("react-page.jsx")],
    outdir: here("built/tabs"),
    bundle: true,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "warning",
  });
  browser = await launch();
  site = await serve(PAGE);
});
after(async () => {
  await browser.close();
  site.close();
});

async function open(context, query) {
  const page = await context.newPage();
  page.setDefaultTimeout(LONG);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(`${site.origin}/${query ? `?${new URLSearchParams(query)}` : ""}`);
  await page.waitForFunction(() => globalThis.SharedText !== undefined);
  return Object.assign(page, { clean: () => assert.deepEqual(problems, []) });
}

/** Opens a tab that shares a text, and logs what it hears in `heard`. */
async function share(context) {
  const page = await open(context);
  await page.evaluate(() => {
    globalThis.heard = [];
    globalThis.mayLose = true;
    const hear = (what) => (text) => globalThis.heard.push(text === undefined ? what : `${what} ${text}`);
    globalThis.shared = new globalThis.SharedText("զրույց", {
      onHold: hear("hold"),
      onChange: hear("change"),
      onLose: () => hear("lose")(),
      mayLose: () => globalThis.mayLose,
      onTold: hear("told"),
    });
  });
  return page;
}

const holds = (page) => page.waitForFunction(() => globalThis.shared.isHeld);
const knows = (page, text) => page.waitForFunction((text) => globalThis.shared.text === text, text);
const write = (page, text) => page.evaluate((text) => globalThis.shared.write(text), text);
const take = (page) => page.evaluate(() => globalThis.shared.take());
const heard = (page) => page.evaluate(() => globalThis.heard);
const stored = (page) => page.evaluate(() => JSON.parse(localStorage.getItem("զրույց")).text);

test("one tab at a time has a text, the other sees its changes, and gets it when that tab ends", async () => {
  const context = await browser.newContext();
  const first = await share(context);
  await holds(first);
  const second = await share(context);
  await write(first, "մեկ 😀");
  await knows(second, "մեկ 😀");
  await write(second, "ոչ");
  assert.equal(await stored(first), "մեկ 😀");
  assert.equal(await second.evaluate(() => globalThis.shared.isHeld), false);

  await first.close();
  await holds(second);
  await write(second, "երկու");
  assert.equal(await stored(second), "երկու");
  assert.deepEqual((await heard(second)).filter((it) => it.startsWith("hold")), ["hold մեկ 😀"]);
  await context.close();
});

test("a tab that asks gets the text, unless the other is in the middle of a turn", async () => {
  const context = await browser.newContext();
  const first = await share(context);
  await holds(first);
  await write(first, "մեկ");
  const second = await share(context);
  const third = await share(context);

  await first.evaluate(() => {
    globalThis.mayLose = false;
  });
  assert.equal(await take(second), false);
  await second.evaluate(() => globalThis.shared.tell("stop"));
  await first.waitForFunction(() => globalThis.heard.includes("told stop"));
  await first.evaluate(() => {
    globalThis.mayLose = true;
  });
  assert.equal(await take(third), true);
  assert.deepEqual((await heard(third)).at(-1), "hold մեկ");
  await write(third, "երեք");
  await knows(first, "երեք");
  assert.equal((await heard(first)).filter((it) => it === "lose").length, 1);

  // Both ask at once: one after the other has it, and in the end one of them.
  assert.deepEqual(await Promise.all([take(first), take(second)]), [true, true]);
  await first.waitForTimeout(300);
  const held = await Promise.all([first, second, third].map((page) => page.evaluate(() => globalThis.shared.isHeld)));
  assert.equal(held.filter(Boolean).length, 1);
  await context.close();
});

test("a suspended tab loses the text, and what it writes later replaces nothing", async () => {
  const context = await browser.newContext();
  const first = await share(context);
  await holds(first);
  await write(first, "հին");
  const second = await share(context);
  await knows(second, "հին");

  // It writes before it can hear anything.
  const suspended = first.evaluate(() => {
    const end = Date.now() + 4000;
    while (Date.now() < end);
    globalThis.shared.write("հին, և ուշ");
  });
  assert.equal(await take(second), true);
  await write(second, "նոր 😀");
  await suspended;

  await first.waitForFunction(() => !globalThis.shared.isHeld);
  await knows(first, "նոր 😀");
  for (const page of [first, second]) {
    await page.waitForFunction(() => JSON.parse(localStorage.getItem("զրույց")).text === "նոր 😀");
    assert.equal(await page.evaluate(() => globalThis.shared.text), "նոր 😀");
  }
  assert.equal(await second.evaluate(() => globalThis.shared.isHeld), true);
  assert.deepEqual((await heard(second)).filter((it) => it.includes("ուշ")), []);
  await context.close();
});

test("a tab does not replace a newer text of which it did not hear, and goes on with that one", async () => {
  const context = await browser.newContext();
  const page = await share(context);
  await holds(page);
  await write(page, "հին");
  const newer = await page.evaluate(() => {
    localStorage.setItem("զրույց", JSON.stringify({ revision: 2 ** 40, text: "նոր 😀" }));
    globalThis.shared.write("հին, և ուշ");
    return JSON.parse(localStorage.getItem("զրույց")).text;
  });
  assert.equal(newer, "նոր 😀");
  await holds(page);
  assert.deepEqual(await heard(page), ["hold null", "lose", "hold նոր 😀"]);
  await context.close();
});

test("a tab that gave the text goes on if the tab that asked is gone", async () => {
  const context = await browser.newContext();
  const first = await share(context);
  await holds(first);
  await write(first, "մեկ");
  const second = await share(context);
  await second.evaluate(() => {
    new BroadcastChannel("զրույց").postMessage({ ask: 7 });
  });
  await first.waitForFunction(() => !globalThis.shared.isHeld);
  await second.close();
  await holds(first);
  assert.deepEqual(await heard(first), ["hold null", "lose", "hold մեկ"]);
  await context.close();
});

const chats = async (requests) => (await requests("POST")).filter(({ path }) => path === "/v1/chat");
const replies = (page, count) =>
  page.waitForFunction(
    (count) => document.querySelectorAll('[data-author="bot"][data-status="done"]').length === count,
    count,
  );

async function say(page, text) {
  await page.fill("textarea", text);
  await page.press("textarea", "Enter");
}

test("two tabs of a chat box show one conversation, and each can go on with it", async () => {
  const { base, requests } = await sandbox();
  const context = await browser.newContext();
  const query = { base, storage: "local" };
  const first = await open(context, query);
  await first.waitForSelector("textarea");
  const second = await open(context, query);
  await say(first, "Իմ անունը Գոհար է 👋");
  for (const page of [first, second]) await replies(page, 1);
  await say(second, "իմ անունը");
  for (const page of [first, second]) await replies(page, 2);
  const texts = await Promise.all([first, second].map((page) => page.locator(".highchat-text").allTextContents()));
  assert.deepEqual(texts[0], texts[1]);
  assert.ok(texts[0][3].includes("Գոհար"), texts[0][3]);
  await say(first, "Նորից");
  for (const page of [first, second]) await replies(page, 3);
  assert.equal((await chats(requests)).length, 3);
  for (const page of [first, second]) page.clean();
  await context.close();
});

test("a tab that ends in the middle of a reply leaves the search to the other, and nothing is sent again", async () => {
  const { base, requests } = await sandbox({ "token-delay": 100 });
  const context = await browser.newContext();
  const query = { base, storage: "local" };
  const first = await open(context, query);
  await first.waitForSelector("textarea");
  const second = await open(context, query);
  await say(first, "/long 20");
  // The other tab can neither send nor begin a search of its own meanwhile.
  await second.waitForSelector('[data-author="bot"][data-status="pending"]');
  await second.getByText("երկար").first().waitFor();
  assert.equal((await requests("GET")).length, 0);
  await first.close();

  await replies(second, 1);
  const text = await second.locator('[data-author="bot"] .highchat-text').textContent();
  assert.equal(text.split(" ").length, 20);
  assert.deepEqual((await chats(requests)).map(({ end }) => end), ["client_left"]);
  second.clean();
  await context.close();
});

test("a reply can be stopped in either tab, and the other can then send", async () => {
  const { base, requests } = await sandbox({ "token-delay": 50 });
  const context = await browser.newContext();
  const query = { base, storage: "local", language: "en" };
  const first = await open(context, query);
  await first.waitForSelector("textarea");
  const second = await open(context, query);
  await say(first, "/long 300");
  await second.getByText("երկար").first().waitFor();
  await second.getByRole("button", { name: "Stop" }).click();
  for (const page of [first, second]) await page.waitForSelector('[data-author="bot"][data-status="stopped"]');
  await say(second, "Բարև 👋");
  for (const page of [first, second]) await replies(page, 1);
  await second.getByRole("button", { name: "New conversation" }).click();
  for (const page of [first, second]) await page.waitForSelector(".highchat-message", { state: "detached" });
  assert.equal((await chats(requests)).length, 2);
  for (const page of [first, second]) page.clean();
  await context.close();
});

test("a person's messages come to both tabs once, also after the other tab went on", async () => {
  const { base, requests } = await sandbox({ person: "inbox", "poll-interval": 200 });
  const context = await browser.newContext();
  const query = { base, storage: "local" };
  const first = await open(context, query);
  await first.waitForSelector("textarea");
  const second = await open(context, query);
  await say(first, "/human");
  const { conversations } = await (await fetch(`${base}/sandbox/inbox`)).json().then(async (it) => {
    await first.getByText("Պատասխանում է աշխատակիցը").waitFor();
    return it.conversations.length > 0 ? it : (await fetch(`${base}/sandbox/inbox`)).json();
  });
  const act = (act, body) =>
    fetch(`${base}/sandbox/inbox/${conversations[0].id}/${act}`, { method: "POST", body: JSON.stringify(body) });
  await act("reply", { text: "մեկ" });
  for (const page of [first, second]) await page.getByText("մեկ").waitFor();
  // The second tab takes the conversation over, in the middle of the handoff.
  await say(second, "Շնորհակալություն 🙏");
  await act("reply", { text: "երկու 😀" });
  for (const page of [first, second]) {
    await page.getByText("երկու 😀").waitFor();
    const heard = await page.locator('[data-author="person"] .highchat-text').allTextContents();
    assert.deepEqual(heard, ["մեկ", "երկու 😀"]);
  }
  assert.equal((await chats(requests)).length, 2);
  for (const page of [first, second]) page.clean();
  await context.close();
});

test("without Web Locks, each tab keeps a conversation of its own", async () => {
  const { base, requests } = await sandbox();
  const context = await browser.newContext();
  await context.addInitScript(() => delete Navigator.prototype.locks);
  const query = { base, storage: "local" };
  const first = await open(context, query);
  await first.waitForSelector("textarea");
  await say(first, "Բարև 👋");
  await replies(first, 1);
  const second = await open(context, query);
  await second.waitForSelector("textarea");
  assert.equal(await second.locator(".highchat-message").count(), 0);
  await say(second, "Նորից 😀");
  await replies(second, 1);

  await first.reload();
  await replies(first, 1);
  assert.equal(await first.locator('[data-author="user"] .highchat-text').textContent(), "Բարև 👋");
  assert.equal(await first.evaluate(() => localStorage.length), 0);
  assert.equal((await chats(requests)).length, 2);
  for (const page of [first, second]) page.clean();
  await context.close();
});
