import { OpusDecoder } from "opus-decoder";
import { OggOpusStream } from "../audio/ogg-stream.ts";
import { BYTES_PER_SAMPLE } from "../audio/wav.ts";

/** Channels of what is exported. Discord's sound can be stereo; what was sent in mono is alike on both. */
export type Channels = 1 | 2;

/** Magnitude of the largest 16-bit sample. */
export const FULL_SCALE = 32_768;

/** RFC 7845 §5.1.1, mapping family 0. */
const STREAMS = {
  1: { channels: 1, streamCount: 1, coupledStreamCount: 0, channelMappingTable: [0] },
  2: { channels: 2, streamCount: 1, coupledStreamCount: 1, channelMappingTable: [0, 1] },
};

/**
 * Decodes an Ogg Opus file, packet by packet, with libopus in WebAssembly; it conceals packets without content
 * (RFC 6716 §3.2.1).
 *
 * @param file its bytes, from the first to the last
 * @returns 16-bit little-endian PCM of 48 kHz, interleaved, a packet at a time; without what pre-skip cuts off
 * @throws InputError naming the byte where the file is damaged
 */
export async function* decodeOggOpus(
  file: AsyncIterable<Buffer>,
  channels: Channels,
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  const decoder = new OpusDecoder(STREAMS[channels]);
  const stream = new OggOpusStream();
  let decodedBytes = 0;
  try {
    await decoder.ready;
    for await (const bytes of file) {
      signal.throwIfAborted();
      for (const packet of stream.push(bytes)) {
        const pcm = interleaved(decoder.decodeFrame(packet).channelData);
        const skip = stream.preSkipSamples * channels * BYTES_PER_SAMPLE - decodedBytes;
        decodedBytes += pcm.length;
        yield skip > 0 ? pcm.subarray(skip) : pcm;
      }
    }
    stream.end();
  } finally {
    decoder.free();
  }
}

/** @param channelData of each channel, 1 is full scale; decoded speech may go beyond it */
function interleaved(channelData: readonly Float32Array[]): Buffer {
  const pcm = new Int16Array(channelData.reduce((sum, { length }) => sum + length, 0));
  for (const [channel, samples] of channelData.entries()) {
    for (let index = 0; index < samples.length; index += 1) {
      pcm[index * channelData.length + channel] = sampleOf(samples[index] ?? 0);
    }
  }
  return Buffer.from(pcm.buffer);
}

/** A 16-bit sample; what is beyond full scale is cut off. */
export function sampleOf(value: number): number {
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(value * FULL_SCALE)));
}
