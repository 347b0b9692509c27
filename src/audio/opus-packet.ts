/**
 * Opus packets: what the first bytes say about duration and framing (RFC 6716 §3). Nothing is decoded.
 */

/** Opus in RTP and Ogg counts time at 48 kHz whatever the coded bandwidth. RFC 7587 §4.1, RFC 7845 §4. */
export const SAMPLES_PER_SECOND = 48_000;

/** Samples of 48 kHz as milliseconds, as exact as a double can hold. */
export function samplesToMs(samples: number): number {
  return samples / 48;
}
/** RFC 6716 §3.2.5 [R5]: a packet must not contain more than 120 ms. */
export const MAX_PACKET_SAMPLES = 5_760;
/**
 * The largest packet that one Ogg page holds: 255 segments of 255 bytes, the last one shorter (RFC 3533 §6). Only padding
 * makes a packet larger: 48 frames of 1,275 bytes have 61,200 bytes.
 */
const MAX_PACKET_BYTES = 255 * 255 - 1;
/** RFC 6716 §3.2.1 [R2]: no frame is larger than 1275 bytes. */
const MAX_FRAME_BYTES = 1_275;
/** The shortest frame, 2.5 ms: the finest step in which Opus packets can express time. */
export const MIN_FRAME_SAMPLES = 120;

/** Samples at 48 kHz in one frame of each configuration number. RFC 6716 §3.1, table 2. */
const FRAME_SAMPLES: readonly number[] = [
  // SILK-only, narrow, medium and wide band: 10, 20, 40, 60 ms
  ...[480, 960, 1_920, 2_880],
  ...[480, 960, 1_920, 2_880],
  ...[480, 960, 1_920, 2_880],
  // Hybrid, super-wide and full band: 10, 20 ms
  ...[480, 960],
  ...[480, 960],
  // CELT-only, narrow, wide, super-wide and full band: 2.5, 5, 10, 20 ms
  ...[120, 240, 480, 960],
  ...[120, 240, 480, 960],
  ...[120, 240, 480, 960],
  ...[120, 240, 480, 960],
];

export interface OpusPacketInfo {
  readonly stereo: boolean;
  readonly frameCount: number;
  /** Samples at 48 kHz in the whole packet. */
  readonly durationSamples: number;
}

/** Samples at 48 kHz in one frame of a packet with this TOC byte. RFC 6716 §3.1. */
export function frameSamplesOfToc(toc: number): number {
  return FRAME_SAMPLES[(toc >> 3) & 0x1f] ?? 0;
}

/**
 * Reads and checks a packet's framing by the requirements R1 to R7 of RFC 6716 §3.4.
 *
 * @returns undefined if a decoder must treat the packet as malformed, or if it does not fit on one Ogg page. Never
 *   throws.
 */
export function parseOpusPacket(packet: Buffer): OpusPacketInfo | undefined {
  const toc = packet[0];
  if (toc === undefined || packet.length > MAX_PACKET_BYTES) return undefined; // [R1]
  const frameSamples = frameSamplesOfToc(toc);
  const frameCount = countFrames(packet, toc & 0x03, frameSamples);
  if (frameCount === undefined) return undefined;
  return { stereo: (toc & 0x04) !== 0, frameCount, durationSamples: frameCount * frameSamples };
}

function countFrames(packet: Buffer, code: number, frameSamples: number): number | undefined {
  const frameBytes = packet.length - 1;
  switch (code) {
    case 0: // one frame
      return frameBytes <= MAX_FRAME_BYTES ? 1 : undefined;
    case 1: // two frames of equal size [R3]
      return frameBytes % 2 === 0 && frameBytes / 2 <= MAX_FRAME_BYTES ? 2 : undefined;
    case 2: {
      // two frames, the first's length coded [R4]
      const length = readFrameLength(packet, 1);
      if (length === undefined) return undefined;
      const second = packet.length - length.next - length.bytes;
      return second >= 0 && second <= MAX_FRAME_BYTES ? 2 : undefined;
    }
    default:
      return countSignalledFrames(packet, frameSamples);
  }
}

/** Code 3: a signalled number of frames, with optional padding, of equal or of coded sizes. RFC 6716 §3.2.5. */
function countSignalledFrames(packet: Buffer, frameSamples: number): number | undefined {
  const countByte = packet[1] ?? 0; // [R6], [R7]
  const frameCount = countByte & 0x3f;
  if (frameCount === 0 || frameCount * frameSamples > MAX_PACKET_SAMPLES) return undefined; // [R5]
  let offset = 2;
  let end = packet.length;
  if (countByte & 0x40) {
    for (;;) {
      const padding = packet[offset] ?? 0;
      offset += 1;
      end -= padding === 255 ? 254 : padding;
      if (padding !== 255) break;
    }
  }
  if (end < offset) return undefined;

  if ((countByte & 0x80) === 0) {
    const each = (end - offset) / frameCount; // [R6]
    return Number.isInteger(each) && each <= MAX_FRAME_BYTES ? frameCount : undefined;
  }
  let coded = 0;
  for (let frame = 0; frame < frameCount - 1; frame += 1) {
    const length = readFrameLength(packet, offset);
    if (length === undefined) return undefined;
    offset = length.next;
    coded += length.bytes;
  }
  const last = end - offset - coded; // [R7]
  return last >= 0 && last <= MAX_FRAME_BYTES ? frameCount : undefined;
}

/** One- or two-byte frame length. RFC 6716 §3.2.1. */
export function readFrameLength(packet: Buffer, offset: number): { bytes: number; next: number } | undefined {
  const first = packet[offset];
  if (first === undefined) return undefined;
  if (first < 252) return { bytes: first, next: offset + 1 };
  const second = packet[offset + 1];
  return second === undefined ? undefined : { bytes: second * 4 + first, next: offset + 2 };
}

/**
 * Discord's comfort silence: CELT, full band, 20 ms, mono. Clients send five of them when they stop speaking, without
 * end-to-end encryption.
 */
export const SILENCE_PACKET: Buffer = Buffer.from([0xf8, 0xff, 0xfe]);

export function isSilencePacket(packet: Buffer): boolean {
  return packet.length === 3 && packet[0] === 0xf8 && packet[1] === 0xff && packet[2] === 0xfe;
}
