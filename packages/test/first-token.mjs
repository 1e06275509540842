// Measures, in Chromium, the time from a message to its first text on the page: with the fetch
// sample of the API's text, and with the package, in turns. Prints both, in ms. Not a test.
//
//     HIGHCHAT=target/debug/highchat node packages/test/first-token.mjs [ROUNDS]

import { launch, sandbox, serve } from "./browser.mjs";

const rounds = Number(process.argv[2] ?? 40);
const { base } = await sandbox({ "token-delay": 20 });
const site = await serve();
const browser = await launch();
const page = await browser.newPage();
await page.goto(site.origin);
await page.waitForFunction(() => globalThis.highchat !== undefined);

const times = await page.evaluate(
  async ([base, rounds]) => {
    const output = document.body.appendChild(document.createElement("output"));
    /** The sample of the API's text, with the slug in place of the key. */
    async function sample(message, onDelta) {
      const res = await fetch(`${base}/v1/chat?slug=demo`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ conversation_id: null, message }),
      });
      const reader = res.body.getReader();
      const decoder = new TextDecoder();
      let buf = "";
      let event = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        buf += decoder.decode(value, { stream: true });
        const lines = buf.split("\n");
        buf = lines.pop();
        for (const line of lines) {
          if (line.startsWith("event:")) event = line.slice(6).trim();
          else if (line.startsWith("data:")) {
            const data = JSON.parse(line.slice(5).trim());
            if (event === "delta") onDelta(data.text);
          }
        }
      }
    }
    const time = async (send) => {
      output.textContent = "";
      const began = performance.now();
      let first = null;
      await send((text) => {
        output.append(text);
        first ??= performance.now() - began;
      });
      return first;
    };
    const found = { sample: [], package: [], cold: null };
    const ours = (session) => (onDelta) =>
      session
        .send("Բարև")
        .answer()
        .finally(session.on("update", ({ type, text }) => type === "delta" && onDelta(text)));
    const options = { slug: "demo", baseUrl: base };
    // The first session also compiles the module.
    found.cold = await time(ours(new globalThis.highchat.Session(options)));
    const session = new globalThis.highchat.Session(options);
    for (let n = 0; n < rounds; n += 1) {
      found.sample.push(await time((onDelta) => sample("Բարև", onDelta)));
      found.package.push(await time(ours(session)));
    }
    return found;
  },
  [base, rounds],
);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)].toFixed(1);
console.log(`the API's fetch sample: ${median(times.sample)} ms; the package: ${median(times.package)} ms (medians of ${rounds})`);
console.log(`the package's first message, which compiles the module: ${times.cold.toFixed(1)} ms`);
await browser.close();
process.exit(0);
