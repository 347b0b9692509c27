import { OpusDecoder } from "opus-decoder";

/** Channels of what is decoded. Discord's sound can be stereo; what was sent in mono is alike on both. */
export type Channels = 1 | 2;

/** RFC 7845 §5.1.1, mapping family 0. */
const STREAMS = {
  1: { channels: 1, streamCount: 1, coupledStreamCount: 0, channelMappingTable: [0] },
  2: { channels: 2, streamCount: 1, coupledStreamCount: 1, channelMappingTable: [0, 1] },
};

/**
 * libopus in WebAssembly, which needs no compiler and no other program. `free` it after the last use.
 *
 * @param sampleRate of what comes out, in Hz, whatever was sent
 */
export async function openDecoder<Rate extends 8_000 | 48_000>(
  channels: Channels,
  sampleRate: Rate,
): Promise<OpusDecoder<Rate>> {
  const decoder = new OpusDecoder<Rate>({ ...STREAMS[channels], sampleRate });
  await decoder.ready;
  return decoder;
}
