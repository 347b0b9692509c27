import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const CALL = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 100, leavesAtMs: 2_500 }]);

test("SIGUSR1 opens no debugger in a worker that was started without the disabling option, and does no harm.", async () => {
  const recorded = await recordFixture(CALL, {
    during: async (worker) => {
      await worker.until("participant speaks");
      for (let times = 0; times < 3; times += 1) worker.kill("SIGUSR1");
    },
  });
  expect(recorded.exitCode).toBe(0);
  expect(recorded.stderr).not.toContain("Debugger");
  expect(recorded.manifest.tracks).toMatchObject([{ packets: { received: 100, lost: 0 } }]);
});

test("Node knows the option that the image starts with.", () => {
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const version = execFileSync(process.execPath, ["--disable-sigusr1", main, "--version"], { encoding: "utf8" });
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
});
