// The packed packages in a fresh project: installed, built with Vite, rendered on a server by
// React 18, and continued in Chromium.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, sandbox } from "./browser.mjs";

const PACKAGES = fileURLToPath(new URL("..", import.meta.url));

test("the packed packages install, build, render on a server and stream a reply", async () => {
  const folder = mkdtempSync(join(tmpdir(), "highchat-fresh-"));
  after(() => rmSync(folder, { recursive: true }));
  const npm = (...words) =>
    execFileSync("npm", [...words, "--loglevel=error"], { cwd: folder, encoding: "utf8", timeout: 120_000 });
  cpSync(join(PACKAGES, "test/fresh"), folder, { recursive: true });
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
  npm("ci", ...quiet);
  const packed = ["client", "react"].map((name) => npm("pack", join(PACKAGES, name)).trim().split("\n").at(-1));
  npm("install", "--no-save", ...quiet, ...packed.map((file) => `./${file}`));
  npm("run", "build");

  const { base } = await sandbox();
  const server = spawn("node", ["server.mjs", base], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  after(() => server.kill());
  const { value: origin } = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
  const html = await (await fetch(origin)).text();
  assert.ok(html.includes("Hello. Write your question."), "it is rendered on the server");

  const browser = await launch();
  after(() => browser.close());
  const page = await browser.newPage();
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(origin);
  await page.fill("textarea", "Բարև 👋");
  await page.press("textarea", "Enter");
  await page.waitForSelector('[data-author="bot"][data-status="done"]');
  const text = await page.locator('[data-author="bot"] .highchat-text').textContent();
  assert.ok(text.includes("Բարև"), text);
  assert.deepEqual(problems, []);
});
