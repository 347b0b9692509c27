import { defineConfig } from "vitest/config";

/** The folders whose tests judge the mutated sources, from `run.ts`; none of them starts a process. */
const folders = (process.env["MUTANT_TESTS"] ?? "test/audio,test/session,test/recording,test/discord").split(",");

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    include: folders.map((folder) => `${folder}/**/*.test.ts`),
    testTimeout: 60_000,
    maxWorkers: 1,
  },
});
