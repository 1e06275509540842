// Both pages side by side: a chat, a handoff to a person and back, and a rating.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, sandbox, say, sees, texts, visitor } from "./support.mjs";

for (const [layout, user, person] of [
  ["wide", { locale: "en-US" }, { locale: "hy-AM", colorScheme: "dark" }],
  [
    "phone",
    { locale: "hy-AM", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    { locale: "en-US", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  ],
  [
    "phone-dark",
    { locale: "en-US", colorScheme: "dark", viewport: { width: 360, height: 740 }, reducedMotion: "reduce" },
    { locale: "hy-AM", colorScheme: "dark", viewport: { width: 360, height: 740 }, reducedMotion: "reduce" },
  ],
]) {
  test(`a user chats, gets an answer from a person and rates (${layout})`, async () => {
    const { base } = await sandbox();
    const chat = await open(await visitor(user), `${base}/c/demo?visitor=user-42`);
    const inbox = await open(await visitor(person), `${base}/inbox`);
    const isPhone = layout !== "wide";
    const check = async (page, name) => {
      await page.fits();
      await page.shot(`${layout}-${name}`);
      await page.isAccessible();
    };
    await inbox.waitForSelector("#empty:not([hidden])");
    await check(inbox, "inbox-empty");
    await check(chat, "chat-empty");

    await say(chat, "Բարև, ի՞նչ ժամերի եք աշխատում");
    await sees(chat, ".theirs .text", "Աշխատում ենք երկուշաբթիից շաբաթ");
    await sees(inbox, "#list .last", "Աշխատում ենք");
    assert.equal(await inbox.locator("#list .name").textContent(), "user-42");

    await say(chat, "/human");
    await sees(chat, ".notice.person", "Զրույցին միացավ մեր աշխատակիցը");
    await inbox.waitForSelector("#list .badge.called");
    await inbox.waitForFunction(() => document.title.startsWith("(1) "));
    await check(inbox, "inbox-waiting");

    await inbox.click("#list button");
    await inbox.waitForSelector("#open:not([hidden])");
    await check(inbox, "inbox-called");
    await inbox.click("#take-over");
    await inbox.waitForSelector("#badge.yours");
    await inbox.waitForFunction(() => !document.title.startsWith("("));
    await inbox.fill("#reply", "Բարև ձեզ, ես Անին եմ։\nԻնչո՞վ օգնեմ։");
    await inbox.press("#reply", "Enter");
    await sees(inbox, ".mine .text", "ես Անին եմ");
    await sees(chat, ".theirs.person .text", "ես Անին եմ");

    await say(chat, "<b>Շտապ է</b> 😀");
    await sees(inbox, ".theirs .text", "<b>Շտապ է</b> 😀");
    await check(chat, "chat-person");
    await check(inbox, "inbox-open");

    await inbox.click("#hand-back");
    await chat.waitForSelector(".notice.bot");
    await say(chat, "Շնորհակալություն");
    await sees(chat, ".theirs:not(.person) .text", "Խնդրեմ");

    await chat.click("[data-rating='1']");
    await inbox.waitForSelector("#rated:not([hidden])");
    await chat.fill("#comment-text", "շատ օգտակար էր");
    await check(chat, "chat-rating");
    await chat.click("#comment button");
    await sees(inbox, "#rated", "շատ օգտակար էր");
    await check(inbox, "inbox-rated");

    if (isPhone) {
      assert.ok(await inbox.locator("nav").isHidden());
      await inbox.click("#back");
      assert.ok(await inbox.locator("#pane").isHidden());
    }
    await sees(inbox, "#list .name", "👍");

    // Each message of the bot and the person is shown once, in order.
    const said = await texts(chat, ".message .text");
    assert.equal(said.length, 6 + 1, said.join("\n"));
    assert.equal(await chat.locator("#log b, #list b").count(), 0);
    chat.clean();
    inbox.clean();
  });
}

test("a reload continues the conversation", async () => {
  const { base } = await sandbox({ person: "inbox" });
  const chat = await open(await visitor(), `${base}/c/demo`);
  await say(chat, "Իմ անունը Գոհար է");
  await say(chat, "/pending");
  await sees(chat, "#status", "A person was called");
  const before = await texts(chat, ".message .text");

  await chat.reload();
  await chat.waitForFunction((count) => document.querySelectorAll(".message").length === count, before.length);

  assert.deepEqual(await texts(chat, ".message .text"), before);
  await sees(chat, "#status", "A person was called");
  await say(chat, "իմ անունը");
  await sees(chat, ".theirs .text", "Գոհար");

  await chat.click("#new");
  assert.deepEqual(await texts(chat, ".message .text"), []);
  await say(chat, "իմ անունը");
  assert.equal((await texts(chat, ".theirs .text")).join().includes("Գոհար"), false);
  chat.clean();
});

test("a closed conversation can be rated and opened again", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`);
  const inbox = await open(await visitor(), `${base}/inbox`);
  await say(chat, "/pending");
  await inbox.click("#list button");

  await inbox.click("#close");
  await sees(chat, "#status", "closed");
  await chat.waitForSelector("#rating:not([hidden])");
  await inbox.waitForSelector("#reply:disabled");
  await inbox.shot("wide-inbox-closed");
  await chat.shot("wide-chat-closed");
  await chat.click("[data-rating='0']");
  await inbox.waitForSelector("#rated.down");

  await say(chat, "Բարև");
  await sees(chat, "#status", "The bot answers");
  await inbox.waitForSelector("#reply:enabled");
  await chat.isAccessible();
  await inbox.isAccessible();
  chat.clean();
  inbox.clean();
});

test("the built-in person answers if no inbox is open", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`);

  await say(chat, "/human");

  await sees(chat, ".theirs.person .text", "ես Արամն եմ");
  await chat.waitForSelector(".notice.bot");
  assert.equal(await chat.locator(".theirs.person").count(), 2);
  chat.clean();
});

test("the front page links to both pages, and an unknown slug has no page", async () => {
  const { base } = await sandbox({ slug: "խանութ" });
  const context = await visitor({ viewport: { width: 360, height: 740 } });
  const index = await open(context, base);
  await index.shot("phone-index");
  await index.fits();
  await index.isAccessible();

  await index.click("text=Chat page");
  await index.waitForSelector("#message");
  await say(index, "Բարև");
  assert.equal(await index.locator(".theirs").count(), 1);
  await index.goto(base);
  await index.click("text=Inbox");
  await index.waitForSelector("#list button");
  index.clean();

  const missing = await open(context, `${base}/c/other`, /404/);
  await sees(missing, "h1", "No such page");
  await missing.isAccessible();
  missing.clean();
});

test("a reply does not scroll the log if the user has scrolled up", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor({ viewport: { width: 360, height: 740 } }), `${base}/c/demo`);
  const end = () =>
    chat.evaluate(() => {
      const { scrollHeight, scrollTop, clientHeight } = document.getElementById("log");
      return scrollHeight - scrollTop - clientHeight;
    });
  await say(chat, "/long 300");
  await chat.waitForFunction(() => document.getElementById("log").scrollTop > 0);
  assert.ok((await end()) < 2);
  await chat.fill("#message", "/long 200");
  await chat.press("#message", "Enter");
  await chat.waitForSelector("[aria-busy] .text:not(:empty)");

  await chat.locator("#log").evaluate((log) => {
    log.scrollTop = 0;
  });
  await chat.waitForFunction(() => !document.querySelector("[aria-busy]"));

  assert.equal(await chat.locator("#log").evaluate((log) => log.scrollTop), 0);
  await say(chat, "Բարև");
  assert.ok((await end()) < 2);
  chat.clean();
});
