import { describe, expect, it } from "vitest";
import { ENCRYPTION_MODES } from "../../src/loopback/transport-crypto.ts";
import { expectEveryPacket } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

describe.concurrent.each(ENCRYPTION_MODES)("a server that sends no audio to who has sent none (%s)", (mode) => {
  it("is sent silence after each connection, muted as the bot is, and every packet is recorded", async () => {
    const fixture = toneCall([{ user: person(1), leavesAtMs: 4_000, speaksFromMs: 500, packetCount: 150 }]);
    const recorded = await recordFixture(fixture, {
      loopback: { encryptionModes: [mode], behaviour: { withholdsAudio: true } },
    });
    expect(recorded.exitCode).toBe(0);
    await expectEveryPacket(fixture, recorded);
  });
});
