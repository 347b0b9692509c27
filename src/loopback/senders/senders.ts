/**
 * Changes that clients make to their own stream: clocks that run fast, slow or stop in silence, counters that wrap,
 * streams that change their SSRC. Each is a function from a speaker's packets to others, for use with `changeSender`;
 * sender-packets.ts has those that change the contents of packets.
 */

import { parseOpusPacket, SAMPLES_PER_SECOND } from "../../audio/opus-packet.ts";
import { parseRtpHeader, type RtpHeader, stripExtensionAndPadding } from "../../audio/rtp.ts";
import type { CallEvent, CallFixture, TimedRtpPacket } from "../../fixture/call-script.ts";
import { pick } from "../seeded.ts";

/** Turns the packets of one speaker, in sending order, into those that this client would send. Pure. */
export type SenderChange = (packets: readonly TimedRtpPacket[]) => readonly TimedRtpPacket[];

/** A pause this long, in RTP time, is silence: shorter than any that a person makes, longer than a lost packet. */
const SILENCE_SAMPLES = 0.2 * SAMPLES_PER_SECOND;

/**
 * The same call, with one speaker's packets changed, one change after the other. If the changes make the speaker
 * end later, they also leave later, and so does the end of the call.
 */
export function changeSender(fixture: CallFixture, userId: string, ...changes: readonly SenderChange[]): CallFixture {
  const before = fixture.packets.get(userId) ?? [];
  const after = changes.reduce((packets, change) => change(packets), before);
  const endedAtMs = before.at(-1)?.atMs ?? 0;
  const laterMs = Math.max(0, (after.at(-1)?.atMs ?? 0) - endedAtMs);
  const events = fixture.events.map((event): CallEvent => {
    const leaves = event.type === "leave" && event.userId === userId && event.atMs >= endedAtMs;
    return leaves ? { ...event, atMs: event.atMs + laterMs } : event;
  });
  const lastMs = Math.max(after.at(-1)?.atMs ?? 0, ...events.map(({ atMs }) => atMs));
  const ended = events.map((event) => (event.type === "end" ? { ...event, atMs: lastMs } : event));
  return {
    ...fixture,
    events: ended.toSorted((left, right) => left.atMs - right.atMs),
    packets: new Map([...fixture.packets, [userId, after]]),
  };
}

/** A clock that runs fast, or slow if negative, by this many parts per million, so 960 samples do not take 20 ms. */
export function skewClock(partsPerMillion: number): SenderChange {
  return (packets) => {
    const startMs = packets[0]?.atMs ?? 0;
    // Whole milliseconds, as rtpdump has them.
    const skewed = (atMs: number) => startMs + Math.round((atMs - startMs) / (1 + partsPerMillion / 1e6));
    return packets.map(({ atMs, rtp }) => ({ atMs: skewed(atMs), rtp }));
  };
}

/** The RTP clock stops in silence, as bots' clocks do, and continues after the pause. */
export const stopClockInSilence: SenderChange = (packets) => {
  let skipped = 0;
  let endTimestamp: number | undefined;
  return packets.map((packet) => {
    const { header, durationSamples } = readPacket(packet);
    const pause = endTimestamp === undefined ? 0 : (header.rtpTimestamp - endTimestamp) | 0;
    if (pause >= SILENCE_SAMPLES) skipped += pause;
    endTimestamp = (header.rtpTimestamp + durationSamples) >>> 0;
    return rewrite(packet, { rtpTimestamp: header.rtpTimestamp - skipped });
  });
};

/** Sequence number and timestamp start so that both wrap during the call, each at a packet that the seed chooses. */
export function wrapCounters(seed: number): SenderChange {
  return (packets) => {
    const wrapsAt = (purpose: string) => packets[1 + pick(Math.max(1, packets.length - 1), seed, purpose)];
    const sequenceWrap = wrapsAt("sequence wrap");
    const timestampWrap = wrapsAt("timestamp wrap");
    if (sequenceWrap === undefined || timestampWrap === undefined) return packets;
    const { sequence } = readPacket(sequenceWrap).header;
    // Somewhere in the previous packet, as with random counters.
    const rtpTimestamp = readPacket(timestampWrap).header.rtpTimestamp - pick(960, seed, "timestamp remainder");
    return shiftCounters(packets, -sequence, -rtpTimestamp);
  };
}

/** From this time the speaker has another SSRC with random counters. */
export function changeSsrc(atMs: number, ssrc: number, seed: number): SenderChange {
  return (packets) => {
    const isBefore = (packet: TimedRtpPacket) => packet.atMs < atMs;
    const rest = packets.filter((packet) => !isBefore(packet)).map((packet) => rewrite(packet, { ssrc }));
    const shifted = shiftCounters(rest, pick(2 ** 16, seed, "new sequence"), pick(2 ** 32, seed, "new timestamp"));
    return [...packets.filter(isBefore), ...shifted];
  };
}

function shiftCounters(packets: readonly TimedRtpPacket[], sequence: number, rtpTimestamp: number): TimedRtpPacket[] {
  return packets.map((packet) => {
    const { header } = readPacket(packet);
    return rewrite(packet, { sequence: header.sequence + sequence, rtpTimestamp: header.rtpTimestamp + rtpTimestamp });
  });
}

export interface ReadPacket {
  readonly header: RtpHeader;
  /** Without extension and padding; 0 bytes if the packet is all padding. */
  readonly opus: Buffer;
  readonly durationSamples: number;
}

/** @throws RangeError for what a fixture cannot hold. */
export function readPacket({ rtp }: TimedRtpPacket): ReadPacket {
  const header = parseRtpHeader(rtp);
  const opus = header && stripExtensionAndPadding(header, rtp.subarray(header.clearBytes));
  if (header === undefined || opus === undefined) throw new RangeError("a fixture may hold only RTP packets");
  return { header, opus, durationSamples: parseOpusPacket(opus)?.durationSamples ?? 0 };
}

/** The packet with other counters, each taken modulo its width (RFC 3550 §5.1). */
export function rewrite(
  { atMs, rtp }: TimedRtpPacket,
  fields: { readonly sequence?: number; readonly rtpTimestamp?: number; readonly ssrc?: number },
): TimedRtpPacket {
  const rewritten = Buffer.from(rtp);
  if (fields.sequence !== undefined) rewritten.writeUInt16BE(fields.sequence & 0xffff, 2);
  if (fields.rtpTimestamp !== undefined) rewritten.writeUInt32BE(fields.rtpTimestamp >>> 0, 4);
  if (fields.ssrc !== undefined) rewritten.writeUInt32BE(fields.ssrc, 8);
  return { atMs, rtp: rewritten };
}
