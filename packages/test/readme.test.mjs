// The programs of the READMEs, and of the page about the API's samples, are compiled, with all that is strict.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

test("each program of the READMEs compiles", () => {
  rmSync(here("built/readme"), { recursive: true, force: true });
  mkdirSync(here("built/readme"), { recursive: true });
  let count = 0;
  const pages = { client: "../client/README.md", react: "../react/README.md", samples: "../../docs/the-api-samples.md" };
  for (const [name, path] of Object.entries(pages)) {
    const readme = readFileSync(here(path), "utf8");
    for (const [, kind, program] of readme.matchAll(/^```(tsx?)\n(.*?)^```/gms)) {
      count += 1;
      // With an export, a file is a module of its own.
      writeFileSync(here(`built/readme/${name}-${count}.${kind}`), `${program}\nexport {};\n`);
    }
  }
  assert.ok(count >= 8, `${count} programs`);
  writeFileSync(
    here("built/readme/tsconfig.json"),
    JSON.stringify({
      extends: "../../../tsconfig.json",
      compilerOptions: {
        noEmit: true,
        declaration: false,
        jsx: "react-jsx",
        module: "ESNext",
        moduleResolution: "Bundler",
        types: ["react"],
        noUncheckedSideEffectImports: false,
      },
      include: ["."],
    }),
  );
  const { stdout } = tsc();
  assert.equal(stdout, "");
});

function tsc() {
  try {
    const stdout = execFileSync(here("../node_modules/.bin/tsc"), ["-p", here("built/readme")], { encoding: "utf8" });
    return { stdout };
  } catch (error) {
    return { stdout: error.stdout || String(error) };
  }
}
