import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { expectEveryPacket } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, soundOf } from "../support/worker.ts";

const [EARLY, LATE] = [person(1), person(2)];
const LATE_FROM_MS = 1_500;
/** The process is stopped for longer; the load on this machine makes less of a difference. */
const TOLERANCE_MS = 400;

// Only the kernel knows when a packet came while the process did not run.
describe.skipIf(process.platform !== "linux")("a worker that is stopped while a word is spoken", () => {
  it("puts the word at the time when it was spoken", async () => {
    const fixture = toneCall([
      { user: EARLY, leavesAtMs: 6_000, speaksFromMs: 0, packetCount: 250 },
      { user: LATE, leavesAtMs: 6_000, speaksFromMs: LATE_FROM_MS, packetCount: 25 },
    ]);
    const recorded = await recordFixture(fixture, {
      during: async (worker, loopback) => {
        await worker.until("state: recording");
        while (loopback.sentOf(EARLY.id).size < 50) await sleep(10);
        worker.kill("SIGSTOP");
        while (loopback.sentOf(EARLY.id).size < 200) await sleep(10);
        worker.kill("SIGCONT");
      },
    });
    expect(recorded.exitCode).toBe(0);
    await expectEveryPacket(fixture, recorded);
    const [early] = await soundOf(recorded, EARLY.id);
    const [late] = await soundOf(recorded, LATE.id);
    const betweenMs = ((late?.sessionSamples ?? 0) - (early?.sessionSamples ?? 0)) / 48;
    expect(Math.abs(betweenMs - LATE_FROM_MS)).toBeLessThan(TOLERANCE_MS);
  });
});
