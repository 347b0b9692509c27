import { describe, expect, it } from "vitest";
import { parseOpusPacket } from "../../../src/audio/opus-packet.ts";
import { buildRtpHeader, RTP_PAYLOAD_TYPE_OPUS } from "../../../src/audio/rtp.ts";
import type { TimedRtpPacket } from "../../../src/fixture/call-script.ts";
import { packetProblem } from "../../../src/fixture/packet-check.ts";
import { ScriptCheck } from "../../../src/fixture/script-check.ts";
import {
  addExtensions,
  addPaddingPackets,
  padPackets,
  repacketise,
  zeroPackets,
} from "../../../src/loopback/senders/sender-packets.ts";
import { readPacket } from "../../../src/loopback/senders/senders.ts";
import { toneCall, tonePacket } from "../../support/tone-call.ts";

const packets = Array.from({ length: 100 }, (_, index) => tonePacket(1_000, index, index * 20));
const read = (changed: readonly TimedRtpPacket[]) => changed.map(readPacket);
const opusOf = (changed: readonly TimedRtpPacket[]) => read(changed).map(({ opus }) => opus);

/** Each sequence number follows the one before. */
function expectNoHole(changed: readonly TimedRtpPacket[]): void {
  const sequences = read(changed).map(({ header }) => header.sequence);
  expect(sequences).toEqual(sequences.map((_, index) => ((sequences[0] ?? 0) + index) & 0xffff));
}

/** Fit for a fixture, which checks RTP and Opus by itself. */
function expectFit(changed: readonly TimedRtpPacket[]): void {
  for (const packet of changed) expect(packetProblem(packet, new ScriptCheck(toneCall([]).header))).toBeUndefined();
}

describe("packets that are all padding", () => {
  const changed = addPaddingPackets({ every: 10, count: 3 })(packets);

  it("come between the others, with their own sequence numbers", () => {
    expect(changed).toHaveLength(130);
    expect(opusOf(changed).filter((opus) => opus.length > 0)).toEqual(opusOf(packets));
    expectNoHole(changed);
    expectFit(changed);
  });

  it("have the timestamp of the previous packet", () => {
    const [, before, padding] = [8, 9, 10].map((index) => read(changed)[index]);
    expect(padding?.opus).toHaveLength(0);
    expect(padding?.header).toMatchObject({ padding: true, rtpTimestamp: before?.header.rtpTimestamp });
  });
});

describe("padding and extensions", () => {
  it("do not change the Opus data that a reader finds", () => {
    const changed = addExtensions(2)(padPackets(3, 17)(packets));
    expect(opusOf(changed)).toEqual(opusOf(packets));
    expect(read(changed).filter(({ header }) => header.padding)).toHaveLength(33);
    expect(read(changed).filter(({ header }) => header.extension)).toHaveLength(50);
    expectFit(changed);
  });

  it("are added once to a packet", () => {
    expect(addExtensions(1)(addExtensions(1)(packets))).toEqual(addExtensions(1)(packets));
    expect(padPackets(1, 9)(padPackets(1, 9)(packets))).toEqual(padPackets(1, 9)(packets));
  });
});

describe("mostly-zero packets", () => {
  it("keep their first byte and their length, and the input packets do not change", () => {
    const before = opusOf(packets).map((opus) => Buffer.from(opus));
    const changed = opusOf(zeroPackets(4)(packets));
    for (const [index, opus] of changed.entries()) {
      const was = before[index] ?? Buffer.alloc(0);
      const zeros = Buffer.concat([was.subarray(0, 1), Buffer.alloc(was.length - 1)]);
      expect(opus).toEqual(index % 4 === 3 ? zeros : was);
    }
    expect(opusOf(packets)).toEqual(before);
  });
});

describe("repacketising", () => {
  it.each([60, 120])("makes packets of %i ms with the same duration and the same bytes", (packetMs) => {
    const changed = repacketise(packetMs)(packets);
    expectNoHole(changed);
    expectFit(changed);
    const durations = read(changed).map(({ durationSamples }) => durationSamples);
    expect(new Set(durations.slice(0, -1))).toEqual(new Set([packetMs * 48]));
    expect(durations.reduce((sum, samples) => sum + samples)).toBe(100 * 960);
    const bytes = opusOf(changed)
      .map((opus) => opus.toString("hex"))
      .join("");
    for (const opus of opusOf(packets)) expect(bytes).toContain(opus.subarray(1).toString("hex"));
  });

  it("writes no sizes if the frames are equal, and two-byte sizes if a frame is long", () => {
    const of = (sizes: readonly number[]) =>
      sizes.map((bytes, index): TimedRtpPacket => {
        const header = buildRtpHeader({
          payloadType: RTP_PAYLOAD_TYPE_OPUS,
          sequence: index,
          rtpTimestamp: index * 960,
          ssrc: 1,
        });
        return { atMs: index * 20, rtp: Buffer.concat([header, Buffer.from([0xf8]), Buffer.alloc(bytes, index)]) };
      });
    const [equal] = opusOf(repacketise(60)(of([50, 50, 50])));
    expect(equal).toHaveLength(2 + 150);
    const [long] = opusOf(repacketise(60)(of([251, 1_000, 252])));
    expect(long).toHaveLength(2 + 1 + 2 + 251 + 1_000 + 252);
    expect(parseOpusPacket(long ?? Buffer.alloc(0))?.frameCount).toBe(3);
  });

  it("ends a packet at a pause, and does not change silence packets", () => {
    const silence = {
      atMs: 60,
      rtp: Buffer.concat([tonePacket(1_000, 3, 60).rtp.subarray(0, 12), Buffer.from("f8fffe", "hex")]),
    };
    const paused = [...packets.slice(0, 3), silence, ...packets.slice(4, 6), ...packets.slice(50, 52)];
    const changed = read(repacketise(120)(paused));
    expect(changed.map(({ durationSamples }) => durationSamples / 48)).toEqual([60, 20, 40, 40]);
    expect(changed[1]?.opus.toString("hex")).toBe("f8fffe");
  });

  it("sends a packet when its last frame arrives", () => {
    expect(
      repacketise(60)(packets)
        .slice(0, 3)
        .map(({ atMs }) => atMs),
    ).toEqual([40, 100, 160]);
  });
});
