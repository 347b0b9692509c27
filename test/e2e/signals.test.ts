import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyRecording } from "../../src/recording/verify.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const TALKERS = Array.from({ length: 10 }, (_, index) => ({
  user: person(index + 1),
  speaksFromMs: 0,
  packetCount: 1_000,
}));

describe.concurrent("a worker that gets a stop signal while ten people talk", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "leaves, finishes and stores everything on %s, and exits with 0",
    async (signal) => {
      const recorded = await recordFixture(toneCall(TALKERS), {
        during: async (worker) => {
          await worker.until("state: recording");
          await new Promise((resolve) => setTimeout(resolve, 1_500));
          worker.kill(signal);
        },
      });
      expect(recorded.exitCode).toBe(0);
      expect(recorded.manifest).toMatchObject({ exitReason: "shutdown", failureCode: null });
      expect(recorded.manifest.speakers).toHaveLength(10);
      expect(recorded.manifest.tracks.every(({ packets }) => packets.received > 0 && packets.lost === 0)).toBe(true);
      expect((await verifyRecording(await RecordingFolder.open(recorded.directory))).faults).toEqual([]);
      expect(await readdir(join(recorded.directory, "..", "..", "spool"))).toEqual([]);
    },
  );
});
