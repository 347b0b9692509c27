import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { ENCRYPTION_MODES } from "../../src/loopback/voice/transport-crypto.ts";
import { expectEveryPacket } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, saidIn, soundOf } from "../support/worker.ts";

const ALICE = person(1);
const SECONDS = 9;

describe.concurrent.each(ENCRYPTION_MODES)(
  "a server that sends no audio to clients that have sent none (%s)",
  (mode) => {
    it("gets silence at once, even from a muted bot, and every packet is recorded", async () => {
      const fixture = toneCall([{ user: ALICE, leavesAtMs: 4_000, speaksFromMs: 500, packetCount: 150 }]);
      const recorded = await recordFixture(fixture, {
        loopback: { encryptionModes: [mode], behaviour: { withholdsAudio: true } },
      });
      expect(recorded.exitCode).toBe(0);
      await expectEveryPacket(fixture, recorded);
    });
  },
);

describe.concurrent("a server that sends no audio to clients that have sent none gets silence again", () => {
  it.each<[string, (faults: Loopback["faults"]) => void]>([
    ["after a reconnect", (faults) => faults.closeVoice(4006)],
    ["after a resume", (faults) => faults.dropVoice()],
    ["after a resume of a server that has crashed", (faults) => faults.closeVoice(4015)],
    ["on another voice server", (faults) => void faults.migrateVoice()],
    [
      "after a reconnect while muted by the server",
      (faults) => {
        faults.muteBot(true);
        faults.closeVoice(4006);
      },
    ],
  ])("%s", async (_, fault) => {
    const fixture = toneCall([
      { user: ALICE, leavesAtMs: SECONDS * 1_000, speaksFromMs: 0, packetCount: SECONDS * 50 - 20 },
    ]);
    const recorded = await recordFixture(fixture, {
      loopback: { behaviour: { withholdsAudio: true } },
      during: async (worker, { faults }) => {
        await worker.until("state: recording");
        await sleep(1_000);
        fault(faults);
      },
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room" } });
    const lastWords = (packets: readonly { readonly hex: string }[]) => packets.slice(-100).map(({ hex }) => hex);
    expect(lastWords(await soundOf(recorded, ALICE.id))).toEqual(lastWords(saidIn(fixture, ALICE.id)));
  });
});
