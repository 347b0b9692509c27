import { defineConfig } from "vitest/config";

/** The tests that judge the mutated sources, from `run.ts`; none of them starts the worker. */
const tests = process.env["MUTANT_TESTS"]?.split(",") ?? [];

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    include: tests,
    testTimeout: 60_000,
    maxWorkers: 1,
  },
});
