// Writes a WebAssembly module as a JavaScript module: `embed-module.mjs MODULE.wasm MODULE.wasm.js`.

import { readFileSync, writeFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";

const [from, to] = process.argv.slice(2);
const text = deflateRawSync(readFileSync(from), { level: 9 }).toString("base64");
writeFileSync(to, `export default "${text}";\n`);
