import { readFrameLength } from "./opus-packet.ts";

/** The position of a frame in its packet: its first byte, and the one after its last. */
export type FrameSpan = readonly [start: number, end: number];

/**
 * The frames of a packet, in order. RFC 6716 §3.2.
 *
 * @param packet an Opus packet with valid framing; otherwise only some frames are returned
 */
export function frameSpans(packet: Buffer): FrameSpan[] {
  const end = packet.length;
  switch ((packet[0] ?? 0) & 0x03) {
    case 0:
      return [[1, end]];
    case 1:
      return equalSpans(1, end, 2);
    case 2:
      return codedSpans(packet, 1, end, 2);
    default: {
      const countByte = packet[1] ?? 0;
      const body = withoutPadding(packet, (countByte & 0x40) !== 0);
      const frameCount = countByte & 0x3f;
      return (countByte & 0x80) === 0
        ? equalSpans(body.start, body.end, frameCount)
        : codedSpans(packet, body.start, body.end, frameCount);
    }
  }
}

function equalSpans(start: number, end: number, frameCount: number): FrameSpan[] {
  const bytes = Math.floor((end - start) / frameCount);
  return Array.from({ length: frameCount }, (_, index) => [start + index * bytes, start + (index + 1) * bytes]);
}

/** The sizes of all frames except the last. With code 3, and its special case code 2, they come before the frames. */
function codedSpans(packet: Buffer, start: number, end: number, frameCount: number): FrameSpan[] {
  const sizes: number[] = [];
  let next = start;
  for (let frame = 1; frame < frameCount; frame += 1) {
    const length = readFrameLength(packet, next);
    if (length === undefined) return [];
    next = length.next;
    sizes.push(length.bytes);
  }
  const spans: FrameSpan[] = [];
  for (const bytes of sizes) {
    spans.push([next, next + bytes]);
    next += bytes;
  }
  return [...spans, [next, end]];
}

/** Bytes of the frames and their sizes, without the count of code 3, the padding's length and the padding. */
function withoutPadding(packet: Buffer, isPadded: boolean): { start: number; end: number } {
  let start = 2;
  let end = packet.length;
  for (let more = isPadded; more; ) {
    const padding = packet[start] ?? 0;
    start += 1;
    end -= padding === 255 ? 254 : padding;
    more = padding === 255;
  }
  return { start, end };
}
