// Writes a WebAssembly module as a JavaScript module: `embed-module.mjs MODULE.wasm MODULE.wasm.js`.
// With `--check` first, it fails if the JavaScript module has another WebAssembly module.

import { readFileSync, writeFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
// Compresses 6 % better than zlib, in a second.
import zopfli from "@gfx/zopfli";

const isCheck = process.argv[2] === "--check";
const [from, to] = process.argv.slice(isCheck ? 3 : 2);
const module = readFileSync(from);
if (isCheck) {
  const [, text] = readFileSync(to, "utf8").match(/^export default "(.*)";\n$/);
  // What was compressed is compared: so the compressor may become better.
  if (!inflateRawSync(Buffer.from(text, "base64")).equals(module)) {
    console.error(`${to} is not what ${from} is built to: run packages/modules, then packages/build`);
    process.exit(1);
  }
} else {
  const deflated = Buffer.from(await zopfli.deflateAsync(module, { numiterations: 15 }));
  if (!inflateRawSync(deflated).equals(module)) throw new Error("the compressed module is another one");
  const text = deflated.toString("base64");
  writeFileSync(to, `export default "${text}";\n`);
}
