import { expect, test } from "vitest";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

/** Loaded before the worker: prints at the end whether Node's own HTTP client was loaded. */
const WATCH = `process.on("exit", () => process._rawDebug("built-in undici: " +
  process.moduleLoadList.some((name) => name.endsWith("internal/deps/undici/undici"))));`;

test("A recording loads one HTTP client, the one of @discordjs/rest, and not Node's own next to it.", async () => {
  const call = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 50, leavesAtMs: 1_500 }]);
  const { exitCode, stderr } = await recordFixture(call, {
    environment: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(WATCH)}` },
  });
  expect(exitCode).toBe(0);
  expect(stderr).toContain("built-in undici: false");
});
