import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The worker as it ships; `npm test` and the benches compile it. */
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const [shebang = ""] = readFileSync(new URL("../../src/cli/main.ts", import.meta.url), "utf8").split("\n", 1);

/** Node's options, of which the command line's first line is the original. */
export const NODE_FLAGS: readonly string[] = shebang.replace("#!/usr/bin/env -S node ", "").split(" ");

/** What to give `node` to start it, before the command. */
export const WORKER_ARGUMENTS: readonly string[] = [...NODE_FLAGS, MAIN];
