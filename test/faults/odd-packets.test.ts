import { describe, expect, it } from "vitest";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import { ENCRYPTION_MODES } from "../../src/loopback/voice/transport-crypto.ts";
import { expectEveryPacket, expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, saidIn, soundOf } from "../support/worker.ts";

const ALICE = person(1);
const BOB = person(2);

/** Puts the marker of an encrypted frame at the end of every tenth packet. By chance 1 in 65,536 has it. */
function withMarkers(fixture: CallFixture): CallFixture {
  const packets = [...fixture.packets].map(([userId, said]) => {
    const marked = said.map((packet, index) => {
      if (index % 10 !== 0) return packet;
      return { ...packet, rtp: Buffer.concat([packet.rtp, Buffer.from([index % 256, 0xfa, 0xfa])]) };
    });
    return [userId, marked] as const;
  });
  return { ...fixture, packets: new Map(packets) };
}

it("frames in a call without end-to-end encryption are recorded even if they end like an encrypted frame", async () => {
  const talk = [{ user: ALICE, leavesAtMs: 4_500, speaksFromMs: 0, packetCount: 200 }];
  const fixture = withMarkers(toneCall(talk, { stage: true }));
  const recorded = await recordFixture(fixture);
  expect(recorded.manifest.datagrams.dropped).toMatchObject({ dave_undecryptable: 0, dave_plaintext: 0 });
  await expectEveryPacket(fixture, recorded);
});

describe.concurrent.each(ENCRYPTION_MODES)("a packet of the previous epoch (%s)", (mode) => {
  it("that comes 1 s or 4 s late, behind newer packets of its speaker, is opened and declared late", async () => {
    const late = [
      { index: 60, delayMs: 1_000 },
      { index: 150, delayMs: 4_000 },
    ];
    const changes = [1_250, 3_050].map((atMs) => ({ type: "fault", atMs, fault: { kind: "force_epoch" } }) as const);
    const talk = [ALICE, BOB].map((user, index) => ({
      user,
      leavesAtMs: 8_000,
      speaksFromMs: index * 10,
      packetCount: 390,
    }));
    const fixture = toneCall(talk, { events: changes });
    const recorded = await recordFixture(fixture, {
      loopback: { encryptionModes: [mode], impairments: { seed: 1, late } },
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { gaps: [], warnings: [] } });
    expect(recorded.manifest.e2ee.epochs).toBeGreaterThan(2);
    expect(recorded.manifest.datagrams.dropped).toMatchObject({ late: 4, dave_undecryptable: 0 });
    for (const { id } of [ALICE, BOB]) {
      const inTime = saidIn(fixture, id).filter((_, index) => !late.some((one) => one.index === index));
      expect((await soundOf(recorded, id)).map(({ hex }) => hex)).toEqual(inTime.map(({ hex }) => hex));
    }
    await expectVerified(recorded);
  });
});
