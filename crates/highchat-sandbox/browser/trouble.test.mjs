// The pages show each kind of error correctly.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, sandbox, say, sees, texts, visitor } from "./support.mjs";

const FAILED = /Failed to load resource|net::ERR/;

/** Collects the requests of a page with this method and path. */
function count(page, method, path) {
  const seen = [];
  page.on("request", (request) => {
    if (request.method() === method && new URL(request.url()).pathname.endsWith(path)) seen.push(request);
  });
  return seen;
}

/** Answers the next message of a page with `body`. */
function answer(page, body, options = {}) {
  return page.route("**/v1/chat**", (route) =>
    route.fulfill({ contentType: "text/event-stream", body, ...options }), { times: 1 });
}

test("an error event ends a reply with the service's message", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`);

  await say(chat, "/error");

  await sees(chat, ".failed .trouble", "Պատասխանը չհաջողվեց ավարտել");
  await sees(chat, ".failed .text", "Մի վայրկյան");
  await chat.isAccessible();
  chat.clean();
});

test("a refused message returns to the text field", async () => {
  const { base } = await sandbox({ "rate-limit": 1 });
  const chat = await open(await visitor(), `${base}/c/demo`, FAILED);
  await say(chat, "Բարև");

  await say(chat, "Երկրորդ");

  await sees(chat, ".failed .trouble", "Չափից շատ հաղորդագրություն");
  await sees(chat, ".mine.refused .delivery", "Not sent");
  assert.equal(await chat.inputValue("#message"), "Երկրորդ");
  await chat.shot("wide-chat-refused");
  await chat.isAccessible();
  chat.clean();
});

test("the rest of a cut reply is found, and the message is not sent again", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`);
  await say(chat, "Բարև");
  const sent = count(chat, "POST", "/v1/chat");
  // The service sends the whole reply, but the page gets only a part.
  await chat.route("**/v1/chat**", async (route) => {
    const body = await (await route.fetch()).text();
    await route.fulfill({ contentType: "text/event-stream", body: body.slice(0, body.indexOf("event: done") - 60) });
  }, { times: 1 });

  await chat.fill("#message", "/long 30");
  await chat.press("#message", "Enter");

  await sees(chat, ".trouble", "looking for the rest");
  const part = await chat.locator(".theirs .text").last().textContent();
  await chat.shot("wide-chat-cut");
  await chat.isAccessible();
  await chat.waitForFunction(() => !document.querySelector("[aria-busy]"));
  const whole = (await texts(chat, ".theirs .text")).at(-1);
  assert.ok(whole.startsWith(part) && whole.length > part.length, whole);
  assert.equal(await chat.locator(".trouble").count(), 0);
  assert.equal(await chat.locator(".theirs").count(), 2);
  assert.equal(sent.length, 1);
  chat.clean();
});

/** Lets the page's clock run until a text is on the page. */
async function runUntil(page, selector, text) {
  const found = page.locator(selector).filter({ hasText: text });
  for (let seconds = 0; seconds < 120 && (await found.count()) === 0; seconds += 1) {
    await page.clock.runFor(1000);
  }
  await sees(page, selector, text);
}

test("a reply is marked as a part if the sandbox stops", async () => {
  const service = await sandbox({ "token-delay": 200 });
  const chat = await open(await visitor(), `${service.base}/c/demo`, FAILED);
  await chat.fill("#message", "/long 500");
  await chat.press("#message", "Enter");
  await sees(chat, ".theirs .text", "երկար");
  await chat.clock.install();

  await service.stop();

  await sees(chat, ".trouble", "looking for the rest");
  await runUntil(chat, ".part .trouble", "this is only a part");
  await chat.isAccessible();
  await chat.fill("#message", "Բարև");
  await chat.press("#message", "Enter");
  await runUntil(chat, ".failed .trouble", "not sent again");
  chat.clean();
});

test("an unusable event cuts the reply", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`, FAILED);
  const meta = 'event: meta\ndata: {"conversation_id":"x"}\n\nevent: delta\ndata: {"text":"Բա"}\n\n';

  for (const rest of ["", "event: delta\ndata: {broken\n\n", "event: delta\ndata: {}\n\n"]) {
    await answer(chat, meta + rest);
    await say(chat, "Բարև");
    await sees(chat, ".part .trouble", "this is only a part");
    await chat.click("#new");
  }
  await answer(chat, `${meta}event: done\ndata: {"message_id":"m","state":"bot","ts":"2026-06-14T10:00:00.000Z"}`);
  await say(chat, "Բարև");
  assert.equal(await chat.locator(".trouble").count(), 0);
  chat.clean();
});

test("an answer that is not an event stream is an error", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`, FAILED);

  await answer(chat, "<html>Bad gateway</html>", { status: 502, contentType: "text/html" });
  await say(chat, "ա");
  await sees(chat, ".failed .trouble", "HTTP 502");
  await answer(chat, "<b>portal</b>", { contentType: "text/html" });
  await say(chat, "բ");
  await sees(chat, ".failed .trouble", "could not be understood (HTTP 200)");
  // After these answers the message may have been accepted.
  assert.equal(await chat.locator(".mine.refused").count(), 0);
  assert.equal(await chat.locator("#log b").count(), 0);
  chat.clean();
});

test("a reply can be stopped, and the next message can be written meanwhile", async () => {
  const { base } = await sandbox({ "token-delay": 200 });
  const chat = await open(await visitor(), `${base}/c/demo`);
  await chat.fill("#message", "/long 500");
  await chat.press("#message", "Enter");
  await sees(chat, ".theirs .text", "երկար");
  await chat.fill("#message", "հաջորդը");
  await chat.press("#message", "Enter");
  assert.equal(await chat.locator(".mine").count(), 1);
  await chat.shot("wide-chat-streaming");
  await chat.isAccessible();

  await chat.click("#stop");

  await sees(chat, ".stopped .trouble", "You stopped");
  assert.equal(await chat.inputValue("#message"), "հաջորդը");
  assert.equal(await chat.evaluate(() => document.activeElement.id), "message");
  chat.clean();
});

test("a failed poll is shown, and the handoff goes on", async () => {
  const { base } = await sandbox({ person: "inbox" });
  const chat = await open(await visitor(), `${base}/c/demo`, FAILED);
  const inbox = await open(await visitor(), `${base}/inbox`);
  await say(chat, "/human");
  await chat.route("**/messages**", (route) => route.abort());
  await sees(chat, "#status", "reconnecting");
  await chat.shot("wide-chat-reconnecting");
  await chat.unroute("**/messages**");
  await inbox.click("#list button");
  await inbox.fill("#reply", "Այստեղ եմ");
  await inbox.press("#reply", "Enter");

  await sees(chat, ".theirs.person .text", "Այստեղ եմ");

  await sees(chat, "#status", "A person answers");
  assert.equal(await chat.locator(".theirs.person").count(), 1);
  chat.clean();
  inbox.clean();
});

test("polls keep the interval, send `after`, and end with the handoff", async () => {
  const { base } = await sandbox({ person: "inbox" });
  const chat = await open(await visitor(), `${base}/c/demo`);
  await say(chat, "Բարև");
  const polls = count(chat, "GET", "/messages");
  const pages = [
    { state: "human", messages: [{ id: "1", role: "assistant", content: "մեկ", created_at: "2030-01-01T00:00:00.000Z" }] },
    // A repeated message, as with an inclusive `after`, and a newer message before an older one.
    {
      state: "unheard_of",
      messages: [
        { id: "3", role: "assistant", content: "երեք", created_at: "2030-01-01T00:00:02.000Z" },
        { id: "1", role: "assistant", content: "մեկ", created_at: "2030-01-01T00:00:00.000Z" },
        { id: "2", role: "assistant", content: "երկու", created_at: "2030-01-01T00:00:01.000Z" },
      ],
    },
    { state: "bot", messages: [] },
  ];
  // From now on only the test moves the clock.
  await chat.clock.install({ time: "2026-06-14T10:00:00Z" });
  await chat.clock.pauseAt("2026-06-14T10:00:01Z");
  await chat.route("**/messages**", (route) => route.fulfill({ json: pages.shift() }));
  await say(chat, "/human");

  await chat.clock.runFor(3_500);
  assert.equal(polls.length, 0);
  await chat.clock.runFor(1_000);
  await sees(chat, ".theirs.person .text", "մեկ");
  await chat.clock.runFor(4_500);
  await sees(chat, ".theirs.person .text", "երկու");
  await chat.clock.runFor(4_500);
  await chat.waitForSelector(".notice.bot");
  await chat.clock.runFor(60_000);

  const after = polls.map((request) => new URL(request.url()).searchParams.get("after"));
  assert.equal(after.length, 3);
  assert.match(after[0], /^20\d\d-/);
  assert.deepEqual(after.slice(1), ["2030-01-01T00:00:00.000Z", "2030-01-01T00:00:02.000Z"]);
  assert.deepEqual(await texts(chat, ".theirs.person .text"), ["մեկ", "երեք", "երկու"]);
  chat.clean();
});

test("a new conversation can be started if the old one no longer exists", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/inbox`, FAILED);
  /** Opens the chat page with this in its storage. */
  const openWith = async (kept) => {
    // A chat page that is left stores its own conversation.
    await chat.goto(`${base}/inbox`);
    await chat.evaluate((kept) => sessionStorage.setItem("highchat:conversation:demo", kept), kept);
    await chat.goto(`${base}/c/demo`);
  };
  const saved = { version: 1, conversation_id: "gone", state: "human", cursor: null, newest: null, seen: [] };
  await openWith(JSON.stringify({ saved: JSON.stringify(saved), lines: [] }));
  await sees(chat, ".notice", "Զրույցը չի գտնվել");

  await chat.click(".notice button");
  await say(chat, "Բարև");

  assert.equal(await chat.locator(".theirs .text").count(), 1);
  for (const kept of ["{broken", "7", '{"saved":7}', '{"saved":"{}","lines":[]}', '{"saved":"","lines":[7]}', "null"]) {
    await openWith(kept);
    await chat.waitForSelector(".notice");
    assert.equal(await chat.locator(".message").count(), 0);
  }
  chat.clean();
});

test("the inbox shows a lost connection and reconnects", async () => {
  const service = await sandbox();
  const chat = await open(await visitor(), `${service.base}/c/demo`);
  await say(chat, "Բարև");
  const inbox = await open(await visitor(), `${service.base}/inbox`, FAILED);
  await inbox.waitForSelector("#list button");
  await inbox.click("#list button");
  await sees(inbox, "#connection", "Live");
  await service.stop();
  await sees(inbox, "#connection", "reconnecting");
  await inbox.shot("wide-inbox-reconnecting");

  await sandbox({ port: new URL(service.base).port });

  await sees(inbox, "#connection", "Live");
  // This is a new sandbox without that conversation.
  await inbox.waitForSelector("#empty:not([hidden])");
  await inbox.waitForSelector("#choose:not([hidden])");
  inbox.clean();
});

test("neither page treats a message as HTML or runs it", async () => {
  const { base } = await sandbox({ person: "inbox" });
  const attack = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>` +
    `"><svg onload=alert(1)> javascript:alert(1) \u202Eabc {{constructor}} <style>*{display:none}</style>`;
  const chat = await open(await visitor(), `${base}/c/demo?visitor=${encodeURIComponent(attack.slice(0, 200))}`);
  const inbox = await open(await visitor(), `${base}/inbox`);
  await say(chat, attack);
  await inbox.click("#list button");
  await sees(inbox, ".theirs .text", "onload=alert(1)");
  await say(chat, "/human");
  await inbox.fill("#reply", attack);
  await inbox.press("#reply", "Enter");
  await sees(chat, ".theirs.person .text", "onload=alert(1)");
  await chat.click("[data-rating='0']");
  await chat.fill("#comment-text", attack);
  await chat.click("#comment button");
  await sees(inbox, "#rated", "onload=alert(1)");

  for (const page of [chat, inbox]) {
    assert.equal(await page.locator(":is(#log, #list, #rated, .head) :is(img, script, style)").count(), 0);
    assert.equal(await page.locator("#log svg, #list svg, h2 svg").count(), 0);
    assert.equal((await page.title()).includes("owned"), false);
    page.clean();
  }
});

test("a reload without a network shows the conversation, and it goes on", async () => {
  const { base } = await sandbox();
  const chat = await open(await visitor(), `${base}/c/demo`, FAILED);
  await say(chat, "Բարև");
  await chat.route("**/v1/**", (route) => route.abort());

  await chat.reload();

  await chat.waitForSelector(".theirs");
  assert.equal(await chat.locator(".message").count(), 2);
  await sees(chat, "#status", "The bot answers");
  await chat.unroute("**/v1/**");
  await say(chat, "ի՞նչ ասացի");
  assert.equal(await chat.locator(".message").count(), 4);
  chat.clean();
});

test("a reload in the middle of a reply finds the reply", async () => {
  const { base } = await sandbox({ "token-delay": 100 });
  const chat = await open(await visitor(), `${base}/c/demo`);
  await say(chat, "Բարև");
  const sent = count(chat, "POST", "/v1/chat");
  await chat.fill("#message", "/long 12");
  await chat.press("#message", "Enter");
  await chat.waitForFunction(() => document.querySelectorAll(".theirs .text")[1]?.textContent.includes("երկար"));

  await chat.reload();

  await chat.waitForFunction(() => document.querySelectorAll(".message").length === 4);
  await chat.waitForFunction(() => !document.querySelector("[aria-busy]"));
  const whole = (await texts(chat, ".theirs .text")).at(-1);
  assert.ok(whole.startsWith("Սա") && whole.split(" ").length >= 12, whole);
  assert.equal(await chat.locator(".trouble").count(), 0);
  assert.equal(sent.length, 1);
  chat.clean();
});

test("a stopped reply does not appear again during a handoff", async () => {
  const { base } = await sandbox({ "token-delay": 50, person: "inbox" });
  const chat = await open(await visitor(), `${base}/c/demo`);
  const inbox = await open(await visitor(), `${base}/inbox`);
  await chat.fill("#message", "/long 500");
  await chat.press("#message", "Enter");
  await sees(chat, ".theirs .text", "երկար");
  await chat.click("#stop");
  await say(chat, "/human");
  await inbox.click("#list button");
  await inbox.fill("#reply", "Այստեղ եմ");
  await inbox.press("#reply", "Enter");

  await sees(chat, ".theirs.person .text", "Այստեղ եմ");

  assert.equal(await chat.locator(".theirs").count(), 2);
  assert.equal(await chat.locator(".stopped").count(), 1);
  chat.clean();
  inbox.clean();
});

for (const [behaviour, ping, limit] of [["is silent", 0, 60], ["has only pings", 20, 300]]) {
  test(`a reply that ${behaviour} for too long is given up`, async () => {
    const { base } = await sandbox({ "token-delay": 3_600_000, "ping-interval": ping });
    const chat = await open(await visitor(), `${base}/c/demo`);
    const [sent, searches] = [count(chat, "POST", "/v1/chat"), count(chat, "GET", "/messages")];
    const network = await chat.context().newCDPSession(chat);
    await network.send("Network.enable");
    const pings = async () => {
      for (let n = 0; n < 5; n += 1) await new Promise((resolve) => network.once("Network.dataReceived", resolve));
    };
    await chat.clock.install({ time: "2026-06-14T10:00:00Z" });
    await chat.clock.pauseAt("2026-06-14T10:00:01Z");
    await chat.fill("#message", "Բարև");
    await chat.press("#message", "Enter");
    // The id is stored after the first event.
    await chat.waitForFunction(() => {
      const { saved } = JSON.parse(sessionStorage.getItem("highchat:conversation:demo") ?? "{}");
      return saved && JSON.parse(saved).conversation_id !== null;
    });

    for (let seconds = 20; seconds < limit; seconds += 20) {
      await chat.clock.runFor(20_000);
      if (ping) await pings();
    }
    assert.equal(searches.length, 0);
    await chat.clock.runFor(21_000);

    // No part of its text came, so there is nothing by which a search could know it.
    await sees(chat, ".part .trouble", "this is only a part");
    assert.equal(searches.length, 0);
    assert.equal(sent.length, 1);
    chat.clean();
  });
}

test("the chat page understands other forms of answers", async () => {
  const { base } = await sandbox({ person: "inbox" });
  const chat = await open(await visitor(), `${base}/c/demo`, FAILED);
  const polls = count(chat, "GET", "/messages");
  const message = (id, at) => ({ id, role: "agent", content: `№ ${id}`, created_at: at });
  const pages = [
    { state: "human", messages: [message("1", 1_900_000_000_000)] },
    { state: "bot", messages: [message("2", 1_900_000_000_001)] },
  ];
  await chat.clock.install();
  await chat.route("**/messages**", (route) => route.fulfill({ json: pages.shift() }));
  await chat.route("**/rating**", (route) => route.fulfill({ status: 204 }));
  await answer(chat, '{"error":"Սխալ"}', { status: 400, contentType: "application/json" });

  await say(chat, "ա");
  await sees(chat, ".failed .trouble", "Սխալ");
  await say(chat, "/human");
  await chat.clock.runFor(4_500);
  await sees(chat, ".theirs.person .text", "№ 1");
  await chat.clock.runFor(4_500);
  await sees(chat, ".theirs.person .text", "№ 2");
  assert.equal(new URL(polls[1].url()).searchParams.get("after"), "1900000000000");
  await chat.click("[data-rating='1']");
  await sees(chat, "#thanks", "Thank you");
  chat.clean();
});
