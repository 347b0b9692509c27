import { OggOpusStream } from "../audio/ogg-stream.ts";
import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { BYTES_PER_SAMPLE } from "../audio/wav.ts";
import { type Channels, openDecoder } from "../opus/decoder.ts";

/** Magnitude of the largest 16-bit sample. */
export const FULL_SCALE = 32_768;

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
  const decoder = await openDecoder(channels, SAMPLES_PER_SECOND);
  const stream = new OggOpusStream();
  let decodedBytes = 0;
  try {
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
