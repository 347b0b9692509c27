import { globSync, readFileSync } from "node:fs";
import { bannedWords } from "./banned-words.ts";
import { proseOf } from "./source-prose.ts";

/**
 * Compares comments, texts and test titles of the TypeScript files in the given folders with `words.yml`. Prints a line for
 * each finding and exits 1 if there is one.
 *
 *     node tools/prose/check-source.ts src test
 */
const words = bannedWords();
let findings = 0;
for (const folder of process.argv.slice(2)) {
  for (const name of globSync(`${folder}/**/*.{ts,tsx}`).sort()) {
    for (const { line, text } of proseOf(name, readFileSync(name, "utf8"))) {
      for (const { pattern, instead } of words) {
        for (const [found] of text.matchAll(pattern)) {
          findings += 1;
          process.stdout.write(`${name}:${line}: "${found.trim()}"; write: ${instead}\n`);
        }
      }
    }
  }
}
if (findings > 0) {
  process.stderr.write(`${findings} words that words.yml names\n`);
  process.exitCode = 1;
}
