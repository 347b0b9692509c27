import { beforeAll, describe, expect, it } from "vitest";
import type { EncryptionMode } from "../../src/loopback/loopback.ts";
import { expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, soundOf } from "../support/worker.ts";

const FLOOD = { seed: 1, forgedPerSecond: 10_000 };
const PACKETS = 150;

describe("10,000 forged datagrams a second", () => {
  const fixture = toneCall(
    [1, 2, 3].map((index) => ({
      user: person(index),
      speaksFromMs: 50 * index,
      packetCount: PACKETS,
      leavesAtMs: 3_500,
    })),
  );
  let calm: Recorded;

  beforeAll(async () => {
    calm = await recordFixture(fixture);
  });

  it.each<[EncryptionMode, string]>([
    ["aead_aes256_gcm_rtpsize", "true"],
    ["aead_xchacha20_poly1305_rtpsize", "true"],
    ["aead_aes256_gcm_rtpsize", "false"],
  ])(
    "change not one byte of what the speakers said, nor its place, in %s (read in batches: %s)",
    async (mode, batched) => {
      const flooded = await recordFixture(fixture, {
        environment: { MEETBOT_BATCHED_RECEIVE: batched },
        loopback: { encryptionModes: [mode], impairments: FLOOD },
      });

      for (const userId of fixture.packets.keys()) {
        const [alone, amidst] = [await soundOf(calm, userId), await soundOf(flooded, userId)];
        const relative = (sound: typeof alone) =>
          sound.map(({ hex, sessionSamples }) => [hex, sessionSamples - (sound[0]?.sessionSamples ?? 0)]);
        expect(alone).toHaveLength(PACKETS);
        expect(relative(amidst)).toEqual(relative(alone));
      }
      expect(flooded.impaired.forged).toBeGreaterThan(20_000);
      const { written, dropped } = flooded.manifest.datagrams;
      expect(written).toBe(3 * PACKETS);
      const { not_rtp, auth_failed, ...others } = dropped;
      expect(Object.values(others).every((count) => count === 0)).toBe(true);
      // A fifth is not RTP, and of the truncated ones those that have no whole header.
      expect(not_rtp).toBeGreaterThan(flooded.impaired.forged / 5);
      // An upper bound, because the kernel may have no room, and packets after the end are not received.
      expect(not_rtp + auth_failed).toBeLessThanOrEqual(flooded.impaired.forged);
      await expectVerified(flooded);
    },
  );
});
