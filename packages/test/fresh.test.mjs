// The packed packages in fresh projects: installed, built, rendered on a server, and continued in
// Chromium. With Vite and React 18, and with Next and React 19.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, sandbox } from "./browser.mjs";

const PACKAGES = fileURLToPath(new URL("..", import.meta.url));

let browser;
let packed;
let folder;

/** Runs npm in a folder. Returns what it prints. */
function npm(cwd, ...words) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  return execFileSync("npm", [...words, "--loglevel=error"], { cwd, env, encoding: "utf8", timeout: 150_000 });
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "highchat-fresh-"));
  packed = ["client", "react"].map((name) =>
    join(folder, npm(folder, "pack", join(PACKAGES, name)).trim().split("\n").at(-1)),
  );
  browser = await launch();
});
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

for (const [name, project, command] of [
  ["Vite and React 18", "fresh", (base) => ["node", "server.mjs", base]],
  ["Next and React 19", "fresh-next", () => ["node_modules/.bin/next", "start", "--hostname=127.0.0.1", "--port=0"]],
]) {
  test(`the packed packages install, build, render on a server and stream a reply: ${name}`, async () => {
    const cwd = join(folder, project);
    cpSync(join(PACKAGES, "test", project), cwd, { recursive: true });
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
    npm(cwd, "ci", ...quiet);
    npm(cwd, "install", "--no-save", ...quiet, ...packed);
    npm(cwd, "run", "build");

    const { base } = await sandbox();
    const [program, ...words] = command(base);
    const env = { ...process.env, BASE_URL: base, NEXT_TELEMETRY_DISABLED: "1" };
    const server = spawn(program, words, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    after(() => server.kill());
    const origin = await address(server);
    const html = await (await fetch(origin)).text();
    assert.ok(html.includes("Hello. Write your question."), "it is rendered on the server");

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
    await page.close();
  });
}

/** The address that a server prints. */
async function address(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const [url] = line.match(/http:\/\/[^\s]+/) ?? [];
    if (url) return url;
  }
  throw new Error("the server ended");
}
