/** Channels of what is exported. Discord's sound can be stereo; what was sent in mono is alike on both. */
export type Channels = 1 | 2;

/** Turns an Ogg Opus file into samples. */
export interface Decoder {
  /**
   * @param file an Ogg Opus file's bytes, from the first to the last
   * @returns 16-bit little-endian PCM of 48 kHz, interleaved, in pieces of any size; without what pre-skip cuts off
   * @throws InputError where the file is damaged
   */
  decode(file: AsyncIterable<Buffer>, channels: Channels, signal: AbortSignal): AsyncIterable<Buffer>;
}
