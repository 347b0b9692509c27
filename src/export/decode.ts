import { OggOpusStream } from "../audio/ogg/ogg-stream.ts";
import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { BYTES_PER_SAMPLE } from "../audio/wav.ts";
import { openDecoder } from "../opus/decoder.ts";
import type { Channels } from "../opus/packet-decoder.ts";

/**
 * Decodes an Ogg Opus file, packet by packet, with libopus, which conceals packets without content
 * (RFC 6716 §3.2.1).
 *
 * @param file its bytes, from the first to the last
 * @returns 16-bit little-endian PCM of 48 kHz, interleaved, a packet at a time; without the pre-skip
 * @throws InputError with the position of the damage
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
        const samples = decoder.decode(packet);
        const pcm = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
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
