import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The worker as it ships; `npm test` and the benches compile it. */
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const [firstLine = ""] = readFileSync(new URL("../../src/cli/main.ts", import.meta.url), "utf8").split("\n", 1);
const [variables = "", flags = ""] = firstLine.replace("#!/usr/bin/env -S ", "").split(" node ");

/** The settings of the C library and of Node, the same as in the first line of main.ts. */
export const WORKER_ENVIRONMENT: Readonly<Record<string, string>> = Object.fromEntries(
  variables.split(" ").map((assignment) => assignment.split("=", 2)),
);
export const NODE_FLAGS: readonly string[] = flags.split(" ");

/** The arguments of `node` in front of the command. */
export const WORKER_ARGUMENTS: readonly string[] = [...NODE_FLAGS, MAIN];
