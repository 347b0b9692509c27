#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=2
import { keepCompiledCode } from "./process/compile-cache.ts";
import { optimizeLate } from "./process/late-optimizing.ts";
import { nodeProblem } from "./process/node-version.ts";

// SIGUSR1 opens Node's debugger, which can read all secrets. This listener prevents it if Node was started without
// `--disable-sigusr1`, which an older Node refuses.
process.on("SIGUSR1", () => undefined);

// An older Node must be able to load this file and its imports. Everything else is loaded after the check.
const problem = nodeProblem(process.versions.node, process.argv.slice(1));
if (problem === undefined) {
  keepCompiledCode();
  // Before the modules of any command: V8 refuses compiled code that was kept with other flags.
  optimizeLate();
  const { run } = await import("./program.ts");
  await run();
} else {
  process.stderr.write(`meetbot-discord: ${problem}\n`);
  process.exitCode = 1;
}
