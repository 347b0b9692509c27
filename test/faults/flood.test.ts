import { describe, expect, it } from "vitest";
import type { EncryptionMode } from "../../src/loopback/loopback.ts";
import { expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, soundOf } from "../support/worker.ts";

const FLOOD = { seed: 1, forgedPerSecond: 10_000 };

describe("10,000 forged datagrams a second", () => {
  it.each<EncryptionMode>(["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"])(
    "change not one byte of what the speakers said, nor its place, in %s",
    async (mode) => {
      const speakers = [1, 2, 3].map((index) => ({ user: person(index), speaksFromMs: 50 * index, packetCount: 150 }));
      const fixture = toneCall(speakers.map((speaker) => ({ ...speaker, leavesAtMs: 4_000 })));
      const options = { loopback: { encryptionModes: [mode] } };
      const calm = await recordFixture(fixture, options);
      const flooded = await recordFixture(fixture, { loopback: { ...options.loopback, impairments: FLOOD } });

      for (const userId of fixture.packets.keys()) {
        const [alone, amidst] = [await soundOf(calm, userId), await soundOf(flooded, userId)];
        const relative = (sound: typeof alone) =>
          sound.map(({ hex, sessionSamples }) => [hex, sessionSamples - (sound[0]?.sessionSamples ?? 0)]);
        expect(alone).toHaveLength(150);
        expect(relative(amidst)).toEqual(relative(alone));
      }
      expect(flooded.impaired.forged).toBeGreaterThan(20_000);
      const { written, dropped } = flooded.manifest.datagrams;
      expect(written).toBe(450);
      const { not_rtp, auth_failed, ...others } = dropped;
      expect(Object.values(others).every((count) => count === 0)).toBe(true);
      // Truncated ones are cut above and below the length of an RTP header.
      expect(not_rtp).toBeGreaterThan(flooded.impaired.forged / 5);
      expect(not_rtp + auth_failed).toBeLessThanOrEqual(flooded.impaired.forged);
      await expectVerified(flooded);
    },
  );
});
