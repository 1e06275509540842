// The sessions of `host.js` in Node, commanded over standard input and output.

import { createInterface } from "node:readline";
import * as client from "../client/dist/index.js";
import { Host } from "./host.js";

globalThis.highchat = client;
const host = new Host(client.Session);
for await (const line of createInterface({ input: process.stdin })) {
  host.command(JSON.parse(line)).then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
}
process.exit(0);
