// Helpers: a sandbox, a browser, and pages that must not report errors.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { chromium } from "playwright-core";

const SHOTS = process.env.SCREENSHOTS;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A timeout that is only reached if something hangs, in milliseconds. */
export const LONG = 20_000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Chromium's own sandbox does not work for root, and CI jobs often run as root.
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
after(() => browser.close());

/** Starts a sandbox with command line options. Returns its URL and a function to stop it. */
export async function sandbox(options = {}) {
  const all = { port: 0, "token-delay": 5, "rate-limit": 0, ...options };
  const flags = Object.entries(all).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(process.env.HIGHCHAT, ["sandbox", ...flags], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", resolve);
      child.kill("SIGKILL");
    });
  after(stop);
  for await (const line of createInterface({ input: child.stdout })) {
    return { base: line.replace("listening on ", ""), stop };
  }
  throw new Error("the sandbox did not start");
}

/** Returns a new browser context, as for a first visit. */
export async function visitor(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-US",
    ...options,
  });
  context.setDefaultTimeout(LONG);
  return context;
}

/**
 * Opens a page. `clean` checks that the page has written no error or warning to the console,
 * thrown nothing, violated no policy and sent no request to another host. Console messages that
 * match `expected` are allowed: a failed request is always reported on the console.
 */
export async function open(context, url, expected = null) {
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => {
    const text = `${message.type()}: ${message.text()}`;
    if (["error", "warning"].includes(message.type()) && !expected?.test(text)) problems.push(text);
  });
  page.on("pageerror", (error) => problems.push(`thrown: ${error.stack}`));
  page.on("request", (request) => {
    // Chromium also announces a request that it does not send, because its page takes no redirect.
    // The sandbox knows what was sent.
    if (request.redirectedFrom()) return;
    if (new URL(request.url()).origin !== new URL(url).origin) problems.push(`asked: ${request.url()}`);
  });
  await page.goto(url);
  return Object.assign(page, {
    clean: () => assert.deepEqual(problems, []),
    // These check the page in its current state.
    isAccessible: () => isAccessible(page),
    fits: () => fits(page),
    shot: (name) => shot(page, name),
  });
}

async function isAccessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const found = violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, []);
}

/** Checks that the page is not too wide, buttons are large enough, and the log shows its end. */
async function fits(page) {
  // The log scrolls to its end in the next frame.
  await page.waitForFunction(() => {
    const log = document.querySelector(".log");
    return !log || log.scrollHeight - log.scrollTop - log.clientHeight < 2;
  });
  const { width, window, small, overflowing } = await page.evaluate(() => ({
    width: document.scrollingElement.scrollWidth,
    window: innerWidth,
    overflowing: [...document.querySelectorAll("button")]
      .filter((node) => node.scrollWidth > node.clientWidth)
      .map((node) => node.textContent),
    small: [...document.querySelectorAll("button, textarea")]
      .map((node) => [node.id || node.textContent, node.getBoundingClientRect()])
      .filter(([, { width, height }]) => width > 0 && (width < 44 || height < 44))
      .map(([name, { width, height }]) => `${name}: ${width}x${height}`),
  }));
  assert.ok(width <= window, `${width} of ${window} pixels`);
  assert.deepEqual([small, overflowing], [[], []]);
}

async function shot(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png` });
}

/** Sends a message with the keyboard and waits for the end of the reply. */
export async function say(page, text) {
  await page.fill("#message", text);
  await page.press("#message", "Enter");
  await page.waitForFunction(() => !document.querySelector("[aria-busy]"));
}

/** Waits for a text in the page. */
export async function sees(page, selector, text) {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

/** Returns the texts of all elements that match a selector. */
export function texts(page, selector) {
  return page.locator(selector).allTextContents();
}
