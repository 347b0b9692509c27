import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { EncryptionMode, Loopback } from "../../src/loopback/loopback.ts";
import { expectEveryPacket, expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture } from "../support/worker.ts";

const SECONDS = 8;
const talk = () =>
  toneCall(
    [1, 2].map((index) => ({
      user: person(index),
      leavesAtMs: SECONDS * 1_000,
      speaksFromMs: index * 10,
      packetCount: SECONDS * 50 - 10,
    })),
  );

/** Two people talk all the while. @returns what was recorded, of which nothing may be missing */
async function recordWith(
  act: (faults: Loopback["faults"]) => Promise<void>,
  encryptionMode: EncryptionMode = "aead_aes256_gcm_rtpsize",
): Promise<Recorded> {
  const fixture = talk();
  const recorded = await recordFixture(fixture, {
    loopback: { encryptionModes: [encryptionMode] },
    during: async (worker, { faults }) => {
      await worker.until("state: recording");
      await sleep(1_000);
      await act(faults);
    },
  });
  const count = (wanted: string) => recorded.log.filter(({ kind }) => kind === wanted).length;
  expect(recorded).toMatchObject({
    exitCode: 0,
    manifest: { exitReason: "alone_in_room", failureCode: null, gaps: [] },
  });
  expect([count("voice_identify"), count("dave_left_group")]).toEqual([1, 0]);
  await expectEveryPacket(fixture, recorded);
  await expectVerified(recorded);
  return recorded;
}

const warnings = ({ manifest }: Recorded) => manifest.warnings.map(({ code }) => code);

describe.concurrent("a message that Discord's own library ignores", () => {
  it.each<EncryptionMode>(["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"])(
    "changes nothing, before and after a change of keys, and is warned of once (%s)",
    async (mode) => {
      const noise = async (faults: Loopback["faults"]): Promise<void> => {
        for (const message of ["external_sender", "unknown_user", "bad_signature", "wrong_epoch"] as const) {
          faults.sendMls(message);
        }
        for (const message of ["garbage", "commit", "other_group", "welcome"] as const) faults.sendMls(message);
        await sleep(500);
      };
      const recorded = await recordWith(async (faults) => {
        await noise(faults);
        faults.forceEpoch();
        await sleep(1_000);
        await noise(faults);
        faults.forceEpoch();
      }, mode);
      expect(warnings(recorded)).toEqual(["dave_message_ignored"]);
      expect(recorded.manifest.e2ee.epochs).toBeGreaterThan(2);
    },
  );

  it("is opcode 24 with an unknown version, and the commit after it is valid", async () => {
    const recorded = await recordWith(async (faults) => {
      faults.prepareEpoch(2, 1);
      faults.forceEpoch();
      await sleep(1_500);
      faults.prepareEpoch(65_535, 1);
      faults.sendVoice(21, { protocol_version: 2, transition_id: 44 });
      faults.executeTransition(44);
      faults.forceEpoch();
    });
    expect(warnings(recorded)).toEqual(["dave_message_ignored"]);
  });
});
