/** Channels of what is decoded. Discord's sound can be stereo; what was sent in mono is alike on both. */
export type Channels = 1 | 2;

/** Hz of what comes out, whatever was sent. */
export type DecodedRate = 8_000 | 48_000;

/** Decodes the packets of one stream in order: how a packet sounds depends on the packets before it. */
export interface PacketDecoder {
  /**
   * A packet without content is concealed (RFC 6716 §3.2.1).
   *
   * @returns 16-bit samples, interleaved; none if the packet is malformed
   */
  decode(packet: Buffer): Int16Array;
  /** Gives its memory back. Nothing may be decoded after it. */
  free(): void;
}
