import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { readableStack } from "../../src/package/readable-stack.ts";
import { PACKAGE_ROOT } from "../../src/package/root.ts";

const ours = new URL("src/errors.ts", PACKAGE_ROOT).href;
const library = new URL("node_modules/ws/lib/sender.js", PACKAGE_ROOT).href;
/** Column 1 of line 1 is line 3, column 5 of our file; from column 11 on it is the library's. */
const map = { version: 3, sources: [ours, library], names: [], mappings: "AAEI,UCAA" };

const folder = pathToFileURL(`${mkdtempSync(join(tmpdir(), "meetbot-test-"))}/`).href;
writeFileSync(new URL("a.js", folder), "");
writeFileSync(new URL("a.js.map", folder), JSON.stringify(map));

const shown = (stack: string): string => readableStack(stack, folder);

test("A location in our code is shown in the source, with its line and column.", () => {
  expect(shown(`Error: no\n    at close (${folder}a.js:1:2)\n    at ${folder}a.js:1:9`)).toBe(
    "Error: no\n    at close (src/errors.ts:3:5)\n    at src/errors.ts:3:5",
  );
});

test("A location in a library shows the library's file, next to the location in the bundle.", () => {
  expect(shown(`    at send (${folder}a.js:1:20)`)).toBe(
    `    at send (node_modules/ws/lib/sender.js in ${folder}a.js:1:20)`,
  );
});

test.each([
  "    at node:internal/process/task_queues:105:5",
  "    at run (file:///elsewhere/a.js:1:2)",
  `    at run (${folder}has-no-map.js:1:2)`,
])("%s stays as it is.", (place) => expect(shown(place)).toBe(place));
