/**
 * What clients put into packets instead of one plain 20 ms frame: padding, header extensions, zeros, several frames.
 */

import { frameSamplesOfToc, isSilencePacket, SAMPLES_PER_SECOND } from "../../audio/opus-packet.ts";
import type { TimedRtpPacket } from "../../fixture/call-script.ts";
import { readPacket, rewrite, type SenderChange } from "./senders.ts";

/** RFC 3550 §5.1: the header's first byte. */
const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
/** RFC 8285 §4.2: "BE DE", one word; then element 1 with one byte, here an audio level (RFC 6464), and padding. */
const EXTENSION = Buffer.from("bede0001" + "10500000", "hex");
/** RFC 6716 §3.2.5: code 3 in the TOC; variable sizes in the byte after it. */
const CODE_MANY_FRAMES = 0x03;
const VARIABLE_SIZES = 0x80;

/**
 * At regular intervals, adds packets that are all padding, like clients that probe the bandwidth. They have their own
 * sequence numbers and the timestamp of the previous packet.
 */
export function addPaddingPackets({ every, count = 1, bytes = 255 }: PaddingOptions): SenderChange {
  return (packets) => {
    let added = 0;
    return packets.flatMap((original, index) => {
      const { header } = readPacket(original);
      const packet = rewrite(original, { sequence: header.sequence + added });
      if (index % every !== every - 1) return [packet];
      const padding = Array.from({ length: count }, (_, extra) =>
        rewrite(allPadding(packet, bytes), { sequence: header.sequence + added + extra + 1 }),
      );
      added += count;
      return [packet, ...padding];
    });
  };
}

interface PaddingOptions {
  readonly every: number;
  readonly count?: number;
  /** 1 to 255. */
  readonly bytes?: number;
}

/** Adds padding after the Opus data to every nth packet. */
export function padPackets(every: number, bytes: number): SenderChange {
  return changeEvery(every, (packet) => {
    if (readPacket(packet).header.padding) return packet;
    return { atMs: packet.atMs, rtp: withFlag(Buffer.concat([packet.rtp, paddingOf(bytes)]), PADDING_BIT) };
  });
}

/** Adds a header extension to every nth packet (RFC 3550 §5.3.1, RFC 8285). */
export function addExtensions(every: number): SenderChange {
  return changeEvery(every, (packet) => {
    const { header } = readPacket(packet);
    if (header.extension) return packet;
    const [head, payload] = [packet.rtp.subarray(0, header.clearBytes), packet.rtp.subarray(header.clearBytes)];
    return { atMs: packet.atMs, rtp: withFlag(Buffer.concat([head, EXTENSION, payload]), EXTENSION_BIT) };
  });
}

/** Replaces every nth packet with a TOC byte and zeros, as some clients send. */
export function zeroPackets(every: number): SenderChange {
  return changeEvery(every, (packet) => {
    const { header, opus } = readPacket(packet);
    const rtp = Buffer.from(packet.rtp);
    const opusOffset = header.clearBytes + header.extensionBodyBytes;
    if (!isSilencePacket(opus)) rtp.fill(0, opusOffset + 1, opusOffset + opus.length);
    return { atMs: packet.atMs, rtp };
  });
}

/**
 * Joins consecutive frames to packets of this many milliseconds, as in RFC 6716 §3.2.5. The rest before a pause goes
 * into a shorter packet; silence packets do not change.
 */
export function repacketise(packetMs: number): SenderChange {
  const packetSamples = (packetMs * SAMPLES_PER_SECOND) / 1_000;
  return (packets) => {
    const groups: TimedRtpPacket[][] = [];
    for (const packet of packets) {
      const group = groups.at(-1);
      if (group !== undefined && belongs(packet, group, packetSamples)) group.push(packet);
      else groups.push([packet]);
    }
    let sequence = 0;
    return groups.map((group, index) => {
      const merged = merge(group);
      if (index === 0) sequence = readPacket(merged).header.sequence;
      return rewrite(merged, { sequence: sequence + index });
    });
  };
}

function belongs(packet: TimedRtpPacket, group: readonly TimedRtpPacket[], packetSamples: number): boolean {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) return false;
  const [next, head, tail] = [readPacket(packet), readPacket(first), readPacket(last)];
  const frameSamples = frameSamplesOfToc(next.opus[0] ?? 0);
  return (
    isSingleFrame(next.opus) &&
    isSingleFrame(head.opus) &&
    next.opus[0] === head.opus[0] &&
    next.header.ssrc === head.header.ssrc &&
    next.header.rtpTimestamp === (tail.header.rtpTimestamp + frameSamples) >>> 0 &&
    (group.length + 1) * frameSamples <= packetSamples
  );
}

function isSingleFrame(opus: Buffer): boolean {
  return opus.length > 1 && ((opus[0] ?? 0) & CODE_MANY_FRAMES) === 0 && !isSilencePacket(opus);
}

/** Sent when its last frame arrives, with the header of the first one. */
function merge(group: readonly TimedRtpPacket[]): TimedRtpPacket {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("a packet has one frame at least");
  if (group.length === 1) return first;
  const { header, opus } = readPacket(first);
  const frames = group.map((packet) => readPacket(packet).opus.subarray(1));
  const sizes = frames.map(({ length }) => length);
  const isEqual = sizes.every((size) => size === sizes[0]);
  const head = [(opus[0] ?? 0) | CODE_MANY_FRAMES, frames.length | (isEqual ? 0 : VARIABLE_SIZES)];
  const lengths = isEqual ? [] : sizes.slice(0, -1).flatMap(frameLength);
  const clear = first.rtp.subarray(0, header.clearBytes + header.extensionBodyBytes);
  const rtp = Buffer.concat([clear, Buffer.from([...head, ...lengths]), ...frames]);
  rtp[0] = (rtp[0] ?? 0) & ~PADDING_BIT;
  return { atMs: last.atMs, rtp };
}

/** One byte up to 251, else two. RFC 6716 §3.2.1. */
function frameLength(bytes: number): number[] {
  if (bytes < 252) return [bytes];
  const first = 252 + (bytes & 0x03);
  return [first, (bytes - first) >> 2];
}

function changeEvery(every: number, change: (packet: TimedRtpPacket) => TimedRtpPacket): SenderChange {
  return (packets) => packets.map((packet, index) => (index % every === every - 1 ? change(packet) : packet));
}

function allPadding(like: TimedRtpPacket, bytes: number): TimedRtpPacket {
  const { header } = readPacket(like);
  const fixed = like.rtp.subarray(0, header.clearBytes - (header.extension ? 4 : 0));
  const rtp = withFlag(Buffer.concat([fixed, paddingOf(bytes)]), PADDING_BIT);
  rtp[0] = (rtp[0] ?? 0) & ~EXTENSION_BIT;
  return { atMs: like.atMs, rtp };
}

/** RFC 3550 §5.1: the last octet counts all of them. */
function paddingOf(bytes: number): Buffer {
  const padding = Buffer.alloc(bytes);
  padding.writeUInt8(bytes, bytes - 1);
  return padding;
}

function withFlag(rtp: Buffer, flag: number): Buffer {
  rtp[0] = (rtp[0] ?? 0) | flag;
  return rtp;
}
