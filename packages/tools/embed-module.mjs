// Writes a WebAssembly module as a JavaScript module: `embed-module.mjs MODULE.wasm MODULE.wasm.js`.
// With `--check` first, it fails if the JavaScript module has another WebAssembly module.

import { readFileSync, writeFileSync } from "node:fs";
import { deflateRawSync, inflateRawSync } from "node:zlib";

const isCheck = process.argv[2] === "--check";
const [from, to] = process.argv.slice(isCheck ? 3 : 2);
const module = readFileSync(from);
if (isCheck) {
  const [, text] = readFileSync(to, "utf8").match(/^export default "(.*)";\n$/);
  // The versions of zlib compress differently, so what they compressed is compared.
  if (!inflateRawSync(Buffer.from(text, "base64")).equals(module)) {
    console.error(`${to} is not what ${from} is built to: run packages/modules, then packages/build`);
    process.exit(1);
  }
} else {
  const text = deflateRawSync(module, { level: 9 }).toString("base64");
  writeFileSync(to, `export default "${text}";\n`);
}
