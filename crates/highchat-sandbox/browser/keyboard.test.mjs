// Both pages, used with the keyboard only.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, sandbox, sees, texts, visitor } from "./support.mjs";

/** Presses Tab until the focus is on an element, and checks that the focus is visible. */
async function tabTo(page, selector, key = "Tab") {
  for (let n = 0; n < 30; n += 1) {
    await page.keyboard.press(key);
    if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) {
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(outline, "none", `${selector} has the focus and does not show it`);
      return;
    }
  }
  assert.fail(`${key} does not reach ${selector}`);
}

test("a chat, a handoff and a rating work with the keyboard only", async () => {
  const { base } = await sandbox({ person: "inbox" });
  const chat = await open(await visitor(), `${base}/c/demo`);
  const inbox = await open(await visitor(), `${base}/inbox`);

  await tabTo(chat, "#message");
  await chat.keyboard.type("Առաջին տող");
  await chat.keyboard.press("Shift+Enter");
  await chat.keyboard.type("երկրորդ տող");
  await chat.keyboard.press("Enter");
  await sees(chat, ".mine .text", "Առաջին տող\nերկրորդ տող");
  await chat.waitForFunction(() => !document.querySelector("[aria-busy]"));
  await chat.keyboard.type("/human");
  await tabTo(chat, "#send");
  await chat.keyboard.press("Space");
  await sees(chat, "#status", "A person answers");

  await inbox.waitForSelector("#list button");
  await tabTo(inbox, "#list button");
  await inbox.keyboard.press("Enter");
  await inbox.waitForSelector("#take-over:not([hidden])");
  await tabTo(inbox, "#take-over");
  await inbox.keyboard.press("Enter");
  await inbox.waitForSelector("#badge.yours");
  assert.equal(await inbox.evaluate(() => document.activeElement.id), "reply");
  await inbox.keyboard.type("Բարև ձեզ");
  await inbox.keyboard.press("Enter");
  await sees(chat, ".theirs.person .text", "Բարև ձեզ");
  await tabTo(inbox, "#hand-back", "Shift+Tab");
  await inbox.keyboard.press("Enter");
  await chat.waitForSelector(".notice.bot");

  await tabTo(chat, "[data-rating='1']", "Shift+Tab");
  await chat.keyboard.press("Enter");
  await chat.waitForSelector("#comment:not([hidden])");
  assert.equal(await chat.evaluate(() => document.activeElement.id), "comment-text");
  await chat.keyboard.type("լավ էր");
  await tabTo(chat, "#comment button");
  await chat.keyboard.press("Enter");
  await sees(inbox, "#rated", "լավ էր");

  await tabTo(chat, "[data-language='hy']", "Shift+Tab");
  await chat.keyboard.press("Enter");
  await sees(chat, "#status", "Պատասխանում է բոտը");
  assert.equal(await chat.evaluate(() => document.documentElement.lang), "hy");
  chat.clean();
  inbox.clean();
});

test("arrow keys move through the list, and new conversations do not move the focus", async () => {
  const { base } = await sandbox({ person: "inbox" });
  const begin = async (message) => {
    const answer = await fetch(`${base}/v1/chat?slug=demo`, {
      method: "POST",
      body: JSON.stringify({ message, visitor_ref: message }),
    });
    await answer.text();
  };
  for (const message of ["one", "two", "three"]) await begin(message);
  const inbox = await open(await visitor(), `${base}/inbox`);
  await inbox.waitForFunction(() => document.querySelectorAll("#list button").length === 3);
  assert.deepEqual(await texts(inbox, "#list .name"), ["three", "two", "one"]);
  const focused = () => inbox.evaluate(() => document.activeElement.querySelector(".name")?.textContent);

  await tabTo(inbox, "#list button");
  await inbox.keyboard.press("ArrowDown");
  assert.equal(await focused(), "two");
  await inbox.keyboard.press("End");
  assert.equal(await focused(), "one");
  await begin("/human");
  await inbox.waitForFunction(() => document.querySelectorAll("#list button").length === 4);
  assert.equal(await focused(), "one");
  assert.equal((await texts(inbox, "#list .name"))[0], "/human");
  await inbox.keyboard.press("Home");
  await inbox.keyboard.press("Enter");
  await inbox.waitForSelector("#open:not([hidden])");
  await inbox.keyboard.press("Escape");
  assert.equal(await focused(), "/human");
  inbox.clean();
});

test("a message has at most 4000 characters, counted as in the API", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`);

  assert.ok(await chat.locator("#send").isDisabled());
  await chat.fill("#message", " \n ");
  assert.ok(await chat.locator("#send").isDisabled());
  // Each of these is one character and two UTF-16 code units.
  await chat.fill("#message", "😀".repeat(3990));
  await sees(chat, "#count", "10 characters left");
  assert.ok(await chat.locator("#send").isEnabled());
  await chat.fill("#message", "😀".repeat(4001));
  await sees(chat, "#count", "1 characters too long");
  assert.ok(await chat.locator("#send").isDisabled());
  await chat.press("#message", "Enter");
  assert.equal(await chat.locator(".message").count(), 0);
  await chat.isAccessible();
  await chat.fill("#message", "😀".repeat(4000));
  await chat.press("#message", "Enter");
  await chat.waitForSelector(".theirs:not([aria-busy])");
  assert.equal(await chat.locator(".trouble").count(), 0);
  chat.clean();
});

test("Enter in an input method does not send a message", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`);
  await chat.fill("#message", "に");

  for (const init of [{ isComposing: true }, { keyCode: 229 }]) {
    await chat.evaluate((init) => {
      const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init });
      document.getElementById("message").dispatchEvent(event);
    }, init);
  }

  assert.equal(await chat.locator(".message").count(), 0);
  assert.equal(await chat.inputValue("#message"), "に");
  chat.clean();
});

test("screen readers get a reply as a whole, not word by word", async () => {
  const { base } = await sandbox({ "token-delay": 30 });
  const chat = await open(await visitor(), `${base}/c/demo`);
  assert.equal(await chat.getAttribute("#log", "aria-live"), "polite");
  // Collects what a screen reader reads: added nodes in regions that are not switched off.
  await chat.evaluate(() => {
    globalThis.announced = [];
    new MutationObserver((changes) => {
      for (const { addedNodes, target } of changes) {
        const region = target.closest?.("[aria-live]");
        for (const node of addedNodes) {
          if (region?.id !== "log" || node.getAttribute?.("aria-live") === "off") continue;
          if (node.nodeType === Node.ELEMENT_NODE) globalThis.announced.push(node.textContent);
        }
      }
    }).observe(document.getElementById("log"), { childList: true, subtree: true });
  });

  await chat.fill("#message", "/long 12");
  await chat.press("#message", "Enter");
  await chat.waitForSelector(".theirs:not([aria-busy])");

  const whole = (await texts(chat, ".theirs")).at(-1);
  const announced = await chat.evaluate(() => globalThis.announced);
  assert.deepEqual(announced, ["You:/long 12", whole]);
  assert.equal(whole.split(" ").length, 12, whole);
  chat.clean();
});
