import { beforeAll, describe, expect, it } from "vitest";
import { buildRtpHeader, RTP_PAYLOAD_TYPE_OPUS } from "../../src/audio/rtp.ts";
import type { CallFixture, TimedRtpPacket } from "../../src/fixture/call-script.ts";
import { expectExactPlaces, expectVerified } from "../support/judge.ts";
import { person, toneCall, tonePacket } from "../support/tone-call.ts";
import { type Recorded, recordFixture, saidIn, soundOf } from "../support/worker.ts";

const HONEST = person(1).id;
const JUMPER = person(2).id;
const HURRIED = person(3).id;
const STEREO = person(4).id;
const COMFORT = person(5).id;
const LAGGING = person(6).id;
const MEMBERS = [HONEST, JUMPER, HURRIED, STEREO, COMFORT, LAGGING];
const HONEST_PACKETS = 350;
const STILL = Buffer.from("f8fffe", "hex");
const STILL_STEREO = Buffer.from("fcfffe", "hex");

/** 120 ms in six frames. */
const longPacket = (index: number): Buffer =>
  Buffer.from([0xfb, 6, ...Array.from({ length: 12 }, (_, byte) => (index >> (byte % 3 === 0 ? 8 : 0)) & 0x7f)]);

function rtp(
  atMs: number,
  fields: { ssrc: number; sequence: number; rtpTimestamp: number },
  opus: Buffer,
): TimedRtpPacket {
  return { atMs, rtp: Buffer.concat([buildRtpHeader({ payloadType: RTP_PAYLOAD_TYPE_OPUS, ...fields }), opus]) };
}

/** 500 packets a second, each of which jumps by half the range of the numbers, and hides that as loss. */
function jumping(): TimedRtpPacket[] {
  return Array.from({ length: 2_500 }, (_, index) => {
    const numbers = { ssrc: 2, sequence: index * 32_000, rtpTimestamp: (index * 32_000 * 5_760) % 2 ** 32 };
    return rtp(1_000 + index * 2, numbers, longPacket(index));
  });
}

/** Sixty times faster than real time for 3 s; then, after 2 s of silence, words like anybody's. */
function hurried(): TimedRtpPacket[] {
  const flood = Array.from({ length: 1_500 }, (_, index) =>
    rtp(1_000 + index * 2, { ssrc: 3, sequence: index, rtpTimestamp: index * 5_760 }, longPacket(index)),
  );
  const words = Array.from({ length: 100 }, (_, index) => {
    const { rtp: packet } = tonePacket(3, index, 0);
    const numbers = { ssrc: 3, sequence: 1_500 + index, rtpTimestamp: 1_500 * 5_760 + 96_000 + index * 960 };
    return rtp(6_000 + index * 20, numbers, packet.subarray(12));
  });
  return [...flood, ...words];
}

/** Packets of 20 ms without a break: a second of sound if there is any, then what an encoder makes of zeros. */
function unceasing(ssrc: number, soundPackets: number, still: Buffer): TimedRtpPacket[] {
  return Array.from({ length: 400 }, (_, index) => {
    const sound = tonePacket(ssrc, index, 0).rtp.subarray(12);
    const numbers = { ssrc, sequence: index, rtpTimestamp: index * 960 };
    return rtp(500 + index * 20, numbers, index < soundPackets ? sound : still);
  });
}

/** Always late: each packet comes 60 ms after the one before and lasts 20 ms, without a pause in its timestamps. */
function lagging(): TimedRtpPacket[] {
  return Array.from({ length: 110 }, (_, index) => {
    const sound = tonePacket(6, index, 0).rtp.subarray(12);
    return rtp(1_000 + index * 60, { ssrc: 6, sequence: index, rtpTimestamp: index * 960 }, sound);
  });
}

function call(): CallFixture {
  const speakers = MEMBERS.map((id, index) => ({
    user: { ...person(index + 1), id },
    speaksFromMs: 1_000,
    packetCount: index === 0 ? HONEST_PACKETS : 0,
    leavesAtMs: 9_000,
  }));
  const fixture = toneCall(speakers);
  const packets = new Map(fixture.packets);
  packets.set(JUMPER, jumping());
  packets.set(HURRIED, hurried());
  packets.set(STEREO, unceasing(4, 50, STILL_STEREO));
  packets.set(COMFORT, unceasing(5, 0, STILL));
  packets.set(LAGGING, lagging());
  return { ...fixture, packets };
}

describe.concurrent.each(["utterance", "duration", "never"])(
  "members who send malicious packets, files by %s",
  (rotate) => {
    const fixture = call();
    let recorded: Recorded;

    beforeAll(async () => {
      recorded = await recordFixture(fixture, { environment: { MEETBOT_ROTATE: rotate } });
    });

    const participant = (userId: string) => {
      const found = recorded.manifest.participants.find(({ id }) => id === userId);
      if (found === undefined) throw new Error(`${userId} is not a participant`);
      return found;
    };
    const tracksOf = (userId: string) => recorded.manifest.tracks.filter(({ speakerId }) => speakerId === userId);

    it("cost an honest speaker no packet, and move none", async () => {
      expect(recorded.exitCode).toBe(0);
      const heard = (await soundOf(recorded, HONEST)).map(({ hex }) => hex);
      expect(heard).toEqual(saidIn(fixture, HONEST).map(({ hex }) => hex));
      const honest = { ...fixture, packets: new Map([[HONEST, fixture.packets.get(HONEST) ?? []]]) };
      expect(await expectExactPlaces(honest, recorded)).toBe(HONEST_PACKETS - 1);
    });

    it.each([JUMPER, HURRIED])("leave no more sound than the elapsed time, in a few files: %s", (userId) => {
      const tracks = tracksOf(userId);
      const endMs = Math.max(...tracks.map(({ startOffsetMs, durationMs }) => startOffsetMs + durationMs));
      expect(endMs).toBeLessThan(recorded.manifest.durationSeconds * 1_000 + 2_600);
      expect(tracks.length).toBeLessThanOrEqual(4);
      const { received, written, dropped } = participant(userId).datagrams;
      expect(received).toBe(recorded.sent.get(userId));
      expect(received - written).toBe(dropped.excess + dropped.late);
      expect(dropped.excess).toBeGreaterThan(1_000);
      expect(written).toBeGreaterThan(30);
    });

    it("are recorded completely if they are always late", async () => {
      const heard = (await soundOf(recorded, LAGGING)).map(({ hex }) => hex);
      expect(heard).toEqual(saidIn(fixture, LAGGING).map(({ hex }) => hex));
    });

    it("have their later words at the time when they were spoken", async () => {
      const heard = await soundOf(recorded, HURRIED);
      const [word] = saidIn(fixture, HURRIED).slice(-100);
      const spoken = heard.find(({ hex }) => hex === word?.hex);
      const [first] = await soundOf(recorded, HONEST);
      const betweenMs = ((spoken?.sessionSamples ?? 0) - (first?.sessionSamples ?? 0)) / 48;
      expect(Math.abs(betweenMs - 5_000)).toBeLessThan(200);
    });

    it("are named in one warning each, and nobody else is", () => {
      const named = recorded.manifest.warnings.filter(({ code }) => code === "speaker_excess").map(({ text }) => text);
      expect(named).toHaveLength(2);
      for (const userId of [JUMPER, HURRIED]) expect(named.filter((text) => text.includes(userId))).toHaveLength(1);
    });

    it("are not speakers if they send silence, and get no more talk time than they sound", () => {
      expect(recorded.manifest.speakers.map(({ id }) => id)).not.toContain(COMFORT);
      expect(tracksOf(COMFORT)).toEqual([]);
      expect(participant(COMFORT)).toMatchObject({
        talkTimeMs: 0,
        datagrams: { written: 0, dropped: { silence: 400 } },
      });
      expect(participant(STEREO).talkTimeMs).toBe(1_000);
      expect(tracksOf(STEREO)).toHaveLength(1);
      const { durationMs } = tracksOf(STEREO)[0] ?? { durationMs: 0 };
      if (rotate === "utterance") expect(durationMs).toBeLessThan(3_100);
    });

    it("leave counts that add up, and pass verify", async () => {
      const { received, written, dropped } = recorded.manifest.datagrams;
      expect(received).toBe([...recorded.sent.values()].reduce((sum, count) => sum + count, 0));
      expect(received).toBe(written + Object.values(dropped).reduce((sum, count) => sum + count, 0));
      await expectVerified(recorded);
    });
  },
);
