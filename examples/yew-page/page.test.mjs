// The page in Chromium, against the sandbox at another origin.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, sandbox, serve } from "../../packages/test/browser.mjs";

const LONG = 30_000;

let browser;
let site;

before(async () => {
  browser = await launch();
  site = await serve(null, "127.0.0.1", fileURLToPath(new URL("dist", import.meta.url)));
});
after(async () => {
  await browser.close();
  site.close();
});

async function open(base) {
  const page = await browser.newPage();
  page.setDefaultTimeout(LONG);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(`${site.origin}/?${new URLSearchParams({ base })}`);
  await page.waitForSelector("textarea");
  return Object.assign(page, { clean: () => assert.deepEqual(problems, []) });
}

async function say(page, text) {
  await page.fill("textarea", text);
  await page.press("textarea", "Enter");
  await page.locator('[data-author="user"]', { hasText: text }).last().waitFor();
}

const reply = (page, status) => page.waitForSelector(`[data-author="bot"][data-status="${status}"]`);
/** Waits until the replies have these statuses. The error has those that they have instead. */
async function replies(page, expected) {
  const seen = () => page.locator('[data-author="bot"]').evaluateAll((all) => all.map((one) => one.dataset.status));
  const until = Date.now() + LONG;
  while (Date.now() < until && String(await seen()) !== String(expected)) await page.waitForTimeout(50);
  assert.deepEqual(await seen(), expected);
}

const text = (page) => page.locator('[data-author="bot"] .text').last().textContent();
const button = (page, name) => page.getByRole("button", { name });
const chats = async (requests) => (await requests("POST")).filter(({ path }) => path === "/v1/chat");

test("a reply appears word by word, and the next message continues the conversation", async () => {
  const { base, requests } = await sandbox({ "token-delay": 60 });
  const page = await open(base);
  await say(page, "/long 30");
  const lengths = new Set();
  const bot = page.locator('[data-author="bot"]');
  while ((await bot.getAttribute("data-status")) === "pending") lengths.add((await text(page)).length);
  assert.ok(lengths.size >= 5, `${[...lengths]}`);
  assert.equal((await text(page)).split(" ").length, 30);

  await say(page, "Իմ անունը Գոհար է 👋");
  await page.waitForFunction(() => document.querySelectorAll('[data-author="bot"][data-status="done"]').length === 2);
  await say(page, "իմ անունը");
  await page.waitForFunction(() => document.querySelectorAll('[data-author="bot"][data-status="done"]').length === 3);
  assert.ok((await text(page)).includes("Գոհար"));
  assert.equal((await chats(requests)).length, 3);
  page.clean();
  await page.close();
});

test("a reply that was cut is recovered whole, and its message is sent once", async () => {
  const { base, requests } = await sandbox();
  const page = await open(base);
  // A stream that fails loses what was not read yet (Streams standard). On a busy machine this may be
  // the whole reply, and with it the id of a new conversation. So the conversation is not new.
  await say(page, "Բարև 👋");
  await reply(page, "done");
  await say(page, "/fault cut /long 20");
  await replies(page, ["done", "done"]);
  assert.equal((await text(page)).split(" ").length, 20);
  assert.equal((await chats(requests)).length, 2);
  page.clean();
  await page.close();
});

test("a reply that cannot be recovered is shown as incomplete", async () => {
  const { base, requests } = await sandbox();
  const page = await open(base);
  await say(page, "/fault cut,poll-404 /long 20");
  await reply(page, "incomplete");
  assert.equal(await page.locator(".trouble").textContent(), "Պատասխանն ընդհատվեց և կիսատ է։");
  assert.ok((await text(page)).split(" ").length < 20);
  assert.equal((await chats(requests)).length, 1);
  page.clean();
  await page.close();
});

test("a person takes over, writes, and hands back to the bot", async () => {
  const { base } = await sandbox({ person: "inbox", "poll-interval": 200 });
  const page = await open(base);
  const polls = [];
  page.on("request", (request) => request.method() === "GET" && polls.push(request.allHeaders()));
  await say(page, "/human");
  await page.getByText("Պատասխանում է աշխատակիցը").waitFor();
  const { conversations } = await (await fetch(`${base}/sandbox/inbox`)).json();
  const act = (act, body) =>
    fetch(`${base}/sandbox/inbox/${conversations[0].id}/${act}`, { method: "POST", body: JSON.stringify(body) });
  await act("reply", { text: "Բարև, ես Անին եմ 🙂" });
  await page.locator('[data-author="person"]', { hasText: "ես Անին եմ 🙂" }).waitFor();
  await act("hand-back");
  await page.getByText("Պատասխանում է բոտը").waitFor();
  // No poll is answered from the browser's cache.
  const caches = (await Promise.all(polls)).map((headers) => headers["cache-control"]);
  assert.ok(caches.length > 0 && caches.every((it) => it === "no-cache"), `${caches}`);
  page.clean();
  await page.close();
});

test("a reply that the user stops ends its request, and the next message can be sent", async () => {
  const { base, requests } = await sandbox({ "token-delay": 60 });
  const page = await open(base);
  await say(page, "/long 300");
  await page.waitForFunction(() => document.querySelector('[data-author="bot"] .text')?.textContent.length > 20);
  await button(page, "Կանգնեցնել").click();
  await reply(page, "stopped");
  await say(page, "Բարև 👋");
  await reply(page, "done");
  const posts = await chats(requests);
  assert.deepEqual(posts.map(({ end }) => end), ["client_left", "whole"]);
  page.clean();
  await page.close();
});

test("a conversation is rated", async () => {
  const { base, requests } = await sandbox();
  const page = await open(base);
  await say(page, "Բարև 👋");
  await reply(page, "done");
  await button(page, "Լավ էր").click();
  await page.getByText("Շնորհակալություն գնահատականի համար").waitFor();
  const posts = await requests("POST");
  assert.equal(posts.filter(({ path }) => path.includes("rating")).length, 1);
  page.clean();
  await page.close();
});

test("the service's own sentence is shown for an error, and nothing is sent again", async () => {
  const { base, requests } = await sandbox();
  const page = await open(base);
  await say(page, "/error");
  await reply(page, "failed");
  const trouble = await page.locator(".trouble").textContent();
  assert.match(trouble, /[ա-ֆ]{3}/);
  assert.equal((await chats(requests)).length, 1);
  page.clean();
  await page.close();
});

test("a service that cannot be reached may have the message, and the page says so", async () => {
  const page = await open("http://127.0.0.1:9");
  await say(page, "Բարև 👋");
  await reply(page, "failed");
  assert.match(await page.locator(".trouble").textContent(), /գուցե ստացվել է/);
  page.clean();
  await page.close();
});
