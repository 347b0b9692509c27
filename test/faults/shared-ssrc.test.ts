import { beforeAll, describe, expect, it } from "vitest";
import { buildRtpHeader, RTP_PAYLOAD_TYPE_OPUS } from "../../src/audio/rtp.ts";
import type { CallFixture, TimedRtpPacket } from "../../src/fixture/call-script.ts";
import { expectExactPlaces, expectVerified } from "../support/judge.ts";
import { person, toneCall, tonePacket } from "../support/tone-call.ts";
import { type Recorded, recordFixture, saidIn, soundOf } from "../support/worker.ts";

const SPEAKER = person(1).id;
const OTHER = person(2).id;
const FORGER = person(3).id;
const PACKETS = 300;
const STILL = Buffer.from("f8fffe", "hex");

/** The packet of this index with another content, sent this much earlier or later than the speaker's own. */
function forged(index: number, shiftMs: number, opus: Buffer): TimedRtpPacket {
  const { rtp } = tonePacket(1_000, index, 0);
  return { atMs: 1_000 + index * 20 + shiftMs, rtp: Buffer.concat([rtp.subarray(0, 12), opus]) };
}

function sound(index: number): Buffer {
  return tonePacket(1_000, index, 0).rtp.subarray(12);
}

/**
 * A member who sends under the speaker's SSRC: encrypted packets with the numbers of the speaker's packets and with
 * numbers all over the range, and silence, which is never encrypted, with the numbers of the packets that follow.
 */
function forgeries(): TimedRtpPacket[] {
  return Array.from({ length: PACKETS }, (_, index) => {
    const elsewhere = buildRtpHeader({
      ...{ payloadType: RTP_PAYLOAD_TYPE_OPUS, ssrc: 1_000 },
      ...{ sequence: index * 7_919, rtpTimestamp: index * 1_000_003 },
    });
    return [
      forged(index, -6, sound(index)),
      forged(index + 1, -4, STILL),
      { atMs: 1_000 + index * 20 + 4, rtp: Buffer.concat([elsewhere, sound(index)]) },
      forged(index + (index % 50), 8, STILL),
    ];
  }).flat();
}

function call(): CallFixture {
  const speaker = { speaksFromMs: 1_000, packetCount: PACKETS, leavesAtMs: 8_000 };
  const fixture = toneCall([
    { user: person(1), ...speaker },
    { user: person(2), ...speaker },
    { user: person(3), ...speaker, packetCount: 0 },
  ]);
  return { ...fixture, packets: new Map([...fixture.packets, [FORGER, forgeries()]]) };
}

const heardOf = async (recorded: Recorded, userId: string) => (await soundOf(recorded, userId)).map(({ hex }) => hex);

async function expectOtherWhole(fixture: CallFixture, recorded: Recorded): Promise<void> {
  const honest = { ...fixture, packets: new Map([[OTHER, fixture.packets.get(OTHER) ?? []]]) };
  expect(await heardOf(recorded, OTHER)).toEqual(saidIn(fixture, OTHER).map(({ hex }) => hex));
  expect(await expectExactPlaces(honest, recorded)).toBe(PACKETS - 1);
}

async function expectCountsAddUp(recorded: Recorded): Promise<void> {
  const { received, written, dropped } = recorded.manifest.datagrams;
  expect(received).toBe([...recorded.sent.values()].reduce((sum, count) => sum + count, 0) + recorded.impaired.forged);
  expect(received).toBe(written + Object.values(dropped).reduce((sum, count) => sum + count, 0));
  await expectVerified(recorded);
}

describe.concurrent.each(["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"] as const)(
  "a member and an outsider send under a speaker's SSRC, %s",
  (encryptionMode) => {
    const fixture = call();
    let recorded: Recorded;

    beforeAll(async () => {
      const impairments = { seed: 7, forgedPerSecond: 100 };
      recorded = await recordFixture(fixture, { loopback: { encryptionModes: [encryptionMode], impairments } });
    });

    it("cost the speaker no packet, because only the speaker's key opens them", async () => {
      expect(recorded.exitCode).toBe(0);
      expect(await heardOf(recorded, SPEAKER)).toEqual(saidIn(fixture, SPEAKER).map(({ hex }) => hex));
    });

    it("cost the others nothing, and the counts add up", async () => {
      await expectOtherWhole(fixture, recorded);
      await expectCountsAddUp(recorded);
    });
  },
);

it.concurrent("without end-to-end encryption nobody knows whose packets they are, but the others lose nothing", async () => {
  const fixture = call();
  const recorded = await recordFixture(fixture, { loopback: { daveProtocolVersion: 0 } });
  expect(recorded.exitCode).toBe(0);
  await expectOtherWhole(fixture, recorded);
  await expectCountsAddUp(recorded);
});
