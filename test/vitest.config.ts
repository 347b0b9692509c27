import { defineConfig } from "vitest/config";

/** Tests that start the worker as a process of its own, from `dist/`. */
const WITH_PROCESSES = [
  ...["test/cli/**/*.test.ts", "test/e2e/**/*.test.ts", "test/faults/**/*.test.ts"],
  "test/service/sandbox/*.test.ts",
];
/** Tests that need the whole machine: if the worker gets too little CPU, the kernel drops packets. They run by themselves. */
const ALONE = ["test/faults/flood.test.ts"];
/** Packs what ships, which builds `dist/` again: nothing else may run from it meanwhile. */
const PACKING = ["test/e2e/installed.test.ts"];
/** Builds the container image and runs it, which takes minutes and both cores. */
const IMAGE = ["test/image/**/*.test.ts"];
/** First, so that what the others make is in it. */
const RUN_FOLDER = "test/support/run-folder.ts";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "units",
          include: ["test/**/*.test.ts"],
          exclude: [...WITH_PROCESSES, ...IMAGE],
          globalSetup: [RUN_FOLDER, "test/support/s3-shared.ts", "test/support/postgres-shared.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: WITH_PROCESSES,
          exclude: [...ALONE, ...PACKING],
          globalSetup: [
            RUN_FOLDER,
            "test/support/build.ts",
            "test/support/s3-shared.ts",
            "test/support/postgres-shared.ts",
          ],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: ALONE,
          globalSetup: [RUN_FOLDER, "test/support/build.ts"],
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "package",
          include: PACKING,
          globalSetup: [RUN_FOLDER],
          testTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "image",
          include: IMAGE,
          globalSetup: [RUN_FOLDER],
          testTimeout: 180_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
