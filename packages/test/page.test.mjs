// What only a page has: it is left, it goes offline, and there are two of it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, sandbox, serve } from "./browser.mjs";

const LONG = 30_000;

let browser;
let site;

before(async () => {
  // Under this name the service is not on this computer, so that being offline matters.
  browser = await launch({ args: ["--host-resolver-rules=MAP chat.test 127.0.0.1"] });
  site = await serve();
});
after(async () => {
  await browser.close();
  site.close();
});

/** Opens a page with a session named `session`, and all its updates in `updates`. */
async function open(context, base, options = {}) {
  const page = await context.newPage();
  page.setDefaultTimeout(LONG);
  await page.goto(site.origin);
  await page.waitForFunction(() => globalThis.highchat !== undefined);
  await page.evaluate(
    (options) => {
      globalThis.updates = [];
      globalThis.session = new globalThis.highchat.Session(options);
      globalThis.session.on("update", (update) => globalThis.updates.push(update));
    },
    { slug: "demo", baseUrl: base, ...options },
  );
  return page;
}

const has = (page, type) =>
  page.waitForFunction((type) => globalThis.updates.some((update) => update.type === type), type);

/** What the last turn shows, when it is over. */
async function shown(page) {
  await has(page, "turn_ended");
  return page.evaluate(() => ({
    text: globalThis.updates.map(({ append = "" }) => append).join(""),
    end: globalThis.updates.findLast(({ type }) => type === "turn_ended").end,
  }));
}

test("leaving the page ends its requests, and the saved turn is found by the next page", async () => {
  const { base, requests } = await sandbox({ "token-delay": 60 });
  const context = await browser.newContext();
  const page = await open(context, base);
  await page.evaluate(() => {
    addEventListener("pagehide", () => localStorage.setItem("saved", globalThis.session.save()));
    globalThis.session.send("/long 20");
  });
  await has(page, "delta");
  await page.goto("about:blank");

  await page.goto(site.origin);
  await page.waitForFunction(() => globalThis.highchat !== undefined);
  await page.evaluate(async (baseUrl) => {
    globalThis.updates = [];
    const options = { slug: "demo", baseUrl };
    globalThis.session = await globalThis.highchat.Session.resume(localStorage.getItem("saved"), options);
    globalThis.session.on("update", (update) => globalThis.updates.push(update));
  }, base);
  const { end } = await shown(page);
  assert.equal(end, "recovered");
  const posts = await requests("POST");
  assert.deepEqual(posts.map(({ end }) => end), ["client_left"]);
  await context.close();
});

test("a page that is shown again from the browser's cache goes on", async () => {
  const { base, requests } = await sandbox({ "token-delay": 60 });
  const context = await browser.newContext();
  const page = await open(context, base);
  await page.evaluate(() => globalThis.session.send("/long 20"));
  await has(page, "delta");

  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await has(page, "recovering");
  await page.waitForTimeout(1500);
  // Nothing is sent for a page that nobody sees.
  assert.equal((await requests("GET")).length, 0);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));

  const { end, text } = await shown(page);
  assert.equal(end, "recovered");
  assert.equal(text.split(" ").length, 20);
  assert.deepEqual((await requests("POST")).map(({ end }) => end), ["client_left"]);
  await context.close();
});

test("offline in the middle of a reply ends in recovery when the page is online again", async () => {
  const { base, requests } = await sandbox({ "token-delay": 100 });
  const context = await browser.newContext();
  const page = await open(context, base.replace("127.0.0.1", "chat.test"), { allowInsecureHttp: true });
  await page.evaluate(() => globalThis.session.send("/long 15"));
  await has(page, "delta");

  await context.setOffline(true);
  // Chromium lets a stream that is open go on; a lost network does not.
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide")));
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow")));
  await has(page, "recovering");
  await page.waitForTimeout(2500);
  assert.equal(await page.evaluate(() => globalThis.session.turnInProgress), true);
  assert.equal((await requests("GET")).length, 0);
  await context.setOffline(false);

  const { end } = await shown(page);
  assert.equal(end, "recovered");
  assert.equal((await requests("POST")).length, 1);
  await context.close();
});

test("a message written offline is surely not sent, and the error says so", async () => {
  const { base, requests } = await sandbox();
  const context = await browser.newContext();
  const page = await open(context, base.replace("127.0.0.1", "chat.test"), { allowInsecureHttp: true });
  await context.setOffline(true);

  const error = await page.evaluate(async () => {
    try {
      await globalThis.session.ask("Բարև 👋");
      return null;
    } catch (error) {
      const { code, mayHaveBeenTaken, canBeSentAgain } = error;
      return { code, mayHaveBeenTaken, canBeSentAgain };
    }
  });
  assert.deepEqual(error, { code: "unreachable", mayHaveBeenTaken: false, canBeSentAgain: true });
  await context.setOffline(false);
  const { text } = await page.evaluate(() => globalThis.session.ask("Բարև 👋"));
  assert.ok(text.includes("Բարև"), text);
  assert.equal((await requests("POST")).length, 1);
  await context.close();
});

test("two tabs of one conversation each show a person's messages once", async () => {
  const { base } = await sandbox({ person: "inbox", "poll-interval": 200 });
  const context = await browser.newContext();
  const settings = { pollInterval: 200 };
  const first = await open(context, base, { settings });
  await first.evaluate(() => globalThis.session.ask("/human"));
  const saved = await first.evaluate(() => globalThis.session.save());
  const second = await open(context, base, { settings });
  await second.evaluate(
    async ([saved, options]) => {
      globalThis.session.close();
      globalThis.session = await globalThis.highchat.Session.resume(saved, options);
      globalThis.session.on("update", (update) => globalThis.updates.push(update));
    },
    [saved, { slug: "demo", baseUrl: base, settings }],
  );
  const { conversations } = await (await fetch(`${base}/sandbox/inbox`)).json();
  const act = (act, body) =>
    fetch(`${base}/sandbox/inbox/${conversations[0].id}/${act}`, { method: "POST", body: JSON.stringify(body) });
  await act("reply", { text: "մեկ" });
  await act("reply", { text: "երկու 😀" });
  await has(first, "message");
  await has(second, "message");
  await act("hand-back");

  for (const page of [first, second]) {
    await page.waitForFunction(() => !globalThis.session.isPolling);
    const heard = await page.evaluate(() =>
      globalThis.updates.filter((it) => it.type === "message" && it.append).map((it) => it.content),
    );
    assert.deepEqual(heard, ["մեկ", "երկու 😀"]);
  }
  await context.close();
});
