import { defineConfig } from "vitest/config";

/** The tests that judge a mutated source: those of the pure floors and of the receive path, without processes. */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    include: ["test/{audio,session,recording,discord,opus}/**/*.test.ts"],
    testTimeout: 60_000,
    maxWorkers: 1,
  },
});
