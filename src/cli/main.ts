#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=2
import { nodeProblem } from "./process/node-version.ts";

// Node opens its debugger at SIGUSR1, and through that all secrets can be read. A listener of our own takes its place, for starts
// without `--disable-sigusr1`, which an older Node refuses.
process.on("SIGUSR1", () => undefined);

// An older Node must still be able to read this file and what it imports here: everything else is loaded after the check.
const problem = nodeProblem(process.versions.node, process.argv.slice(1));
if (problem === undefined) {
  const { run } = await import("./program.ts");
  await run();
} else {
  process.stderr.write(`meetbot-discord: ${problem}\n`);
  process.exitCode = 1;
}
