import { frameSpans } from "./opus-frames.ts";

/** A frame of zero or one byte was not sent (DTX), so the decoder extends the earlier sound. RFC 6716 §3.2.1. */
const MAX_UNSENT_BYTES = 1;
/** Configurations from this number use only CELT; lower ones use SILK. RFC 6716 §3.1, table 2. */
const FIRST_CELT = 16;

/**
 * SILK has no symbol for silence. These are the first four bytes of frames that libopus 1.3.1 encodes from zeros, at
 * the start of the silence and inside it, at each bit rate; later bytes depend on the rate. Speech does not begin like
 * this: it has a voice flag or another spectrum.
 */
const SILK_ZEROS: ReadonlySet<number> = new Set([
  // hybrid, stereo, 10 ms
  ...[0x07fd32c8, 0x07fd875e, 0x0801e5e1, 0x0801ec09],
  // hybrid, stereo, 20 ms
  ...[0x02083118, 0x07fd32cc, 0x07fd873d, 0x0801e5e2, 0x0801ec0a, 0x0801ec0b, 0x0802082e, 0x08020831],
  // narrow band, mono, 10 ms
  ...[0x06da8f48, 0x06da8f61, 0x06da8fa8, 0x08a68f48, 0x08a68f61, 0x08a68fa8, 0x0a728f48, 0x0be5f3b1, 0x0bf1761d],
  // narrow band, mono, 20 ms
  ...[0x06e0b30e, 0x07c6b30e, 0x08acb30e, 0x0be45315, 0x0be4b9a0, 0x0be63b23],
  // narrow band, mono, 40 ms
  ...[0x03705987, 0x03e35987, 0x04565987, 0x05f25cd0, 0x05f31d91],
  // narrow band, mono, 60 ms
  ...[0x01b82cc3, 0x01f1acc3, 0x022b2cc3, 0x02f92e68, 0x02f98ec8],
  // wide band, mono, 10 ms
  ...[0x06e34838, 0x06e348e6, 0x07c94838, 0x07c948e6, 0x08af4838, 0x08af48e6, 0x0be65930],
  // wide band, mono, 20 ms
  ...[0x06e37227, 0x06e379c8, 0x07c97227, 0x07c979c8, 0x0be455c6, 0x0be4c136],
  // wide band, mono, 40 ms
  ...[0x0371bce4, 0x03e4bce4, 0x05f2609b],
  // wide band, mono, 60 ms
  ...[0x01b8de72, 0x01f25e72, 0x02f9304d, 0x02f996dc],
]);

/**
 * Whether a packet may contain sound. It contains none if each frame is encoded digital silence, in any mode,
 * bandwidth, channel count and size, or was not sent. Nothing is decoded, because this runs for each packet.
 *
 * @param packet an Opus packet with valid framing
 */
export function carriesSound(packet: Buffer): boolean {
  const toc = packet[0] ?? 0;
  if ((toc & 0x03) === 0) return frameSounds(packet, toc, 1, packet.length);
  for (const [start, end] of frameSpans(packet)) if (frameSounds(packet, toc, start, end)) return true;
  return false;
}

function frameSounds(packet: Buffer, toc: number, start: number, end: number): boolean {
  if (end - start <= MAX_UNSENT_BYTES) return false;
  if (toc >> 3 < FIRST_CELT) return end - start < 4 || !SILK_ZEROS.has(packet.readUInt32BE(start));
  // CELT's first symbol says if the frame is silent, with a probability of one in 32,768: 15 bits, all set. RFC 6716
  // §4.3.
  return packet[start] !== 0xff || ((packet[start + 1] ?? 0) & 0xfe) !== 0xfe;
}
