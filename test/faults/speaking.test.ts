import { describe, expect, it } from "vitest";
import { expectEveryPacket, expectExactPlaces } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

describe.concurrent("speakers who are announced half a second after their first packet", () => {
  it.each([
    ["with end-to-end encryption", false, 1],
    ["without end-to-end encryption", true, 0],
  ])("are in their files from that packet on, %s", async (_, stage, daveProtocolVersion) => {
    const speakers = [1, 2, 3].map((index) => ({
      user: person(index),
      speaksFromMs: 90 * index,
      packetCount: 60,
      leavesAtMs: 2_000,
    }));
    const fixture = toneCall(speakers, { stage });
    const recorded = await recordFixture(fixture, { loopback: { speakingDelayMs: 500 } });
    expect(recorded.manifest.e2ee.daveProtocolVersion).toBe(daveProtocolVersion);
    await expectEveryPacket(fixture, recorded);
    expect(await expectExactPlaces(fixture, recorded)).toBe(3 * 59);
    expect(recorded.manifest.datagrams).toMatchObject({ received: 180, written: 180 });
  });
});
