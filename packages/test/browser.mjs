// Helpers for tests in Chromium: a page of another origin than the sandbox's, which loads the
// package as it is published, without a bundler.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const PACKAGES = fileURLToPath(new URL("..", import.meta.url));

const PAGE = `<!doctype html><html lang="en"><title>Test</title>
<script type="module">
import * as client from "/client/dist/index.js";
import { Host } from "/test/host.js";
globalThis.highchat = client;
globalThis.host = new Host(client.Session);
</script>`;

const TYPES = { ".css": "text/css", ".html": "text/html", ".wasm": "application/wasm", "": "text/event-stream" };

/** Starts a server of the packages, or of another folder. Returns its origin. */
export async function serve(page = PAGE, host = "127.0.0.1", folder = PACKAGES) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/" && page) return response.setHeader("content-type", "text/html").end(page);
    try {
      const file = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
      const type = TYPES[extname(file)] ?? "text/javascript";
      response.setHeader("content-type", type).end(readFileSync(file));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, host, resolve));
  server.unref();
  return { origin: `http://${host}:${server.address().port}`, close: () => server.close() };
}

/** Starts Chromium. */
export function launch(options = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium's own sandbox does not work for root, and CI jobs often run as root.
    args: [...(process.getuid() === 0 ? ["--no-sandbox"] : []), ...(options.args ?? [])],
  });
}

/** Starts a sandbox. Returns its URL, and a function that returns its requests of one method. */
export async function sandbox(options = {}) {
  const flags = Object.entries({ port: 0, "token-delay": 5, "rate-limit": 0, ...options });
  const child = spawn(process.env.HIGHCHAT, ["sandbox", ...flags.map(([name, value]) => `--${name}=${value}`)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  after(() => child.kill("SIGKILL"));
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const base = value.replace("listening on ", "");
  const requests = async (method) => {
    const { requests } = await (await fetch(`${base}/sandbox/requests`)).json();
    return requests.filter((request) => request.method === method);
  };
  return { base, requests };
}
