// The chat box and the hook, in Chromium and on a server.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { HighChat } from "@highchat/react";
import { launch, sandbox, serve } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LONG = 20_000;

const PAGE = `<!doctype html><html lang="hy"><meta name="viewport" content="width=device-width"><title>Test</title>
<link rel="stylesheet" href="/react/dist/highchat.css"><link rel="icon" href="data:,">
<div id="root"></div><script type="module" src="/test/built/react-page.js"></script>`;

let browser;
let site;

before(async () => {
  const here = (name) => fileURLToPath(new URL(name, import.meta.url));
  await build({
    entryPoints: [here("react-page.jsx")],
    outdir: here("built"),
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

async function open(base, query = {}, options = {}) {
  const page = await browser.newPage({ viewport: { width: 360, height: 700 }, ...options });
  page.setDefaultTimeout(LONG);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("Failed to load")) problems.push(message.text());
  });
  await page.goto(`${site.origin}/?${new URLSearchParams({ base, ...query })}`);
  return Object.assign(page, { clean: () => assert.deepEqual(problems, []) });
}

const sees = (page, text) => page.getByText(text).first().waitFor();

async function isAccessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
    [],
  );
}

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing on the chat box (${theme})`, async () => {
    const { base } = await sandbox({ "token-delay": 40 });
    const page = await open(base, { theme, language: theme === "light" ? "hy" : "en" });
    await page.waitForSelector(".highchat");
    await isAccessible(page);
    await page.fill("textarea", "/long 40");
    await page.press("textarea", "Enter");
    await sees(page, "երկար");
    await isAccessible(page);
    await page.waitForSelector('[data-author="bot"][data-status="done"]');
    for (const text of ["/error", "/fault 429", "/human"]) {
      await page.fill("textarea", text);
      await page.press("textarea", "Enter");
      await page.locator('[data-author="user"]', { hasText: text }).waitFor();
      await page.waitForSelector("[data-status=pending]", { state: "detached" });
    }
    await page.waitForSelector("[data-status=refused]");
    await page.waitForSelector(".highchat-rating");
    await isAccessible(page);
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} pixels too wide`);
    page.clean();
    await page.close();
  });
}

test("the keyboard alone is enough: write, send, stop, rate, begin anew", async () => {
  const { base, requests } = await sandbox({ "token-delay": 40 });
  const page = await open(base, { language: "en" });
  await page.waitForSelector(".highchat");
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element, body } = document;
      return element === body ? "" : element.textContent || element.tagName;
    });
  const tabTo = async (name) => {
    for (let n = 0; n < 12 && !(await focused()).includes(name); n += 1) await page.keyboard.press("Tab");
    assert.ok((await focused()).includes(name), name);
  };
  await tabTo("TEXTAREA");
  await page.keyboard.type("/long 400");
  await page.keyboard.press("Enter");
  await sees(page, "երկար");
  await tabTo("Stop");
  await page.keyboard.press("Enter");
  await sees(page, "You stopped this reply");
  assert.equal(await focused(), "TEXTAREA");
  await page.keyboard.type("Բարև");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("երկրորդ տող");
  await page.keyboard.press("Enter");
  await page.waitForSelector('[data-author="bot"][data-status="done"]');
  await tabTo("👍");
  await page.keyboard.press("Enter");
  await sees(page, "Thank you");
  await tabTo("New conversation");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".highchat-message", { state: "detached" });
  const chats = (await requests("POST")).filter(({ path }) => path === "/v1/chat");
  assert.equal(chats.length, 2);
  page.clean();
  await page.close();
});

test("strict mode and a remount send nothing twice, and the reply is found", async () => {
  const { base, requests } = await sandbox({ "token-delay": 60 });
  const page = await open(base);
  await page.waitForSelector(".highchat");
  await page.fill("textarea", "/long 20");
  await page.press("textarea", "Enter");
  await sees(page, "երկար");

  await page.evaluate(() => globalThis.show(false));
  await page.waitForSelector(".highchat", { state: "detached" });
  await page.waitForTimeout(1500);
  assert.equal((await requests("GET")).length, 0, "nothing is sent after it was unmounted");
  await page.evaluate(() => globalThis.show(true));

  await page.waitForSelector('[data-author="bot"][data-status="done"]');
  const text = await page.locator('[data-author="bot"] .highchat-text').textContent();
  assert.equal(text.split(" ").length, 20);
  assert.equal((await requests("POST")).filter(({ path }) => path === "/v1/chat").length, 1);
  page.clean();
  await page.close();
});

test("a reload shows the conversation again, and it goes on", async () => {
  const { base } = await sandbox();
  const page = await open(base);
  await page.waitForSelector(".highchat");
  await page.fill("textarea", "Իմ անունը Գոհար է");
  await page.press("textarea", "Enter");
  await page.waitForSelector('[data-author="bot"][data-status="done"]');
  await page.reload();
  await sees(page, "Իմ անունը Գոհար է");
  await page.waitForSelector(".highchat-rating");
  await page.fill("textarea", "իմ անունը");
  await page.press("textarea", "Enter");
  await page.waitForFunction(() => document.querySelectorAll('[data-author="bot"][data-status="done"]').length === 2);
  assert.ok((await page.locator('[data-author="bot"]').last().textContent()).includes("Գոհար"));
  page.clean();
  await page.close();
});

test("a reply is rendered once a frame at most", async () => {
  const { base } = await sandbox({ "token-delay": 1 });
  const page = await open(base, { hook: "" });
  await page.waitForFunction(() => globalThis.chat !== undefined);
  const { renders, frames, text } = await page.evaluate(async () => {
    const before = globalThis.renders;
    let frames = 0;
    let isOver = false;
    const count = () => {
      frames += 1;
      if (!isOver) requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
    globalThis.chat.send("/long 600");
    while (globalThis.chat.messages.at(-1)?.status !== "done" || globalThis.chat.messages.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    isOver = true;
    return { renders: globalThis.renders - before, frames, text: globalThis.chat.messages.at(-1).text };
  });
  assert.equal(text.split(" ").length, 600);
  assert.ok(renders <= frames + 1, `${renders} renders in ${frames} frames`);
  page.clean();
  await page.close();
});

test("a server renders an empty conversation, and sends nothing", () => {
  const before = globalThis.fetch;
  globalThis.fetch = () => assert.fail("a request");
  try {
    const html = renderToString(createElement(HighChat, { slug: "demo" }));
    assert.ok(html.includes("Գրեք ձեր հարցը"), html);
    assert.ok(!html.includes("highchat-message"), html);
  } finally {
    globalThis.fetch = before;
  }
});
