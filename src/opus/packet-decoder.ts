/** Channels of decoded sound. Discord's sound can be stereo; mono sound is the same on both. */
export type Channels = 1 | 2;

/** Sample rate of decoded sound in Hz, whatever was sent. */
export type DecodedRate = 8_000 | 48_000;

/** Decodes the packets of one stream in order, because each depends on the packets before it. */
export interface PacketDecoder {
  /**
   * A packet without content is concealed (RFC 6716 §3.2.1).
   *
   * @returns 16-bit samples, interleaved; none if the packet is malformed
   */
  decode(packet: Buffer): Int16Array;
  /** Frees its memory. Do not decode anything afterwards. */
  free(): void;
}
