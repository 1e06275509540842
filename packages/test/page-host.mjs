// The sessions of `host.js` in a page in Chromium, commanded over standard input and output.
//
//     node page-host.mjs [FOLDER]    the page of this folder, whose `host` carries out commands

import { createInterface } from "node:readline";
import { launch, serve } from "./browser.mjs";

const [folder] = process.argv.slice(2);
const { origin, close } = await (folder ? serve(null, "127.0.0.1", folder) : serve());
const browser = await launch();
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(error));
await page.goto(origin);
await page.waitForFunction(() => globalThis.host !== undefined);
// The module is compiled before the first trial, which would lose the time.
if (!folder) await page.evaluate(() => new globalThis.highchat.Session().ready());

let isOver = false;
// At the end, the commanding program is gone before the sessions that are open.
process.stdout.on("error", () => {});
for await (const line of createInterface({ input: process.stdin })) {
  page
    .evaluate((command) => globalThis.host.command(command), JSON.parse(line))
    .then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`))
    // The sessions that are open at the end get no answer.
    .catch((error) => isOver || console.error(error));
}
isOver = true;
await browser.close();
close();
