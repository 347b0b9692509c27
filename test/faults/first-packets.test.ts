import { expect, it } from "vitest";
import { expectEveryPacket } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const EPOCHS = 20;
const EPOCH_MS = 700;

it("packets that swap places around twenty late changes of keys are all recorded", async () => {
  const fixture = toneCall(
    [1, 2, 3].map((index) => ({
      user: person(index),
      leavesAtMs: EPOCHS * EPOCH_MS + 2_500,
      speaksFromMs: index * 7,
      packetCount: (EPOCHS * EPOCH_MS + 2_000) / 20,
    })),
    {
      events: Array.from({ length: EPOCHS }, (_, index) => ({
        type: "fault" as const,
        atMs: 1_000 + index * EPOCH_MS,
        fault: { kind: "force_epoch" as const },
      })),
    },
  );
  const recorded = await recordFixture(fixture, {
    loopback: { behaviour: { executeTransitionAfterMs: 300 }, impairments: { seed: 5, swap: 0.5 } },
  });
  expect(recorded.impaired.swapped).toBeGreaterThan(500);
  expect(recorded.manifest.datagrams.dropped.dave_undecryptable).toBe(0);
  await expectEveryPacket(fixture, recorded);
});
