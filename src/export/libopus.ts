import { createRequire } from "node:module";
import { OggOpusStream } from "../audio/ogg-stream.ts";
import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { BYTES_PER_SAMPLE } from "../audio/wav.ts";
import type { Channels, Decoder } from "./decoder.ts";

/** What of @discordjs/opus is used. Its own types are not there where it could not be compiled. */
interface OpusLibrary {
  readonly OpusEncoder: new (samplesPerSecond: number, channels: number) => { decode(packet: Buffer): Buffer };
}

/** @returns undefined where @discordjs/opus is not installed, or was not compiled for this Node */
export function loadLibopus(): Decoder | undefined {
  try {
    const library: OpusLibrary = createRequire(import.meta.url)("@discordjs/opus");
    return new LibopusDecoder(library);
  } catch {
    // An optional dependency: whatever keeps it from being loaded, ffmpeg can do the same.
    return undefined;
  }
}

/** Decodes with libopus, packet by packet; a packet without content is concealed by it (RFC 6716 §3.2.1). */
class LibopusDecoder implements Decoder {
  readonly #library: OpusLibrary;

  constructor(library: OpusLibrary) {
    this.#library = library;
  }

  async *decode(file: AsyncIterable<Buffer>, channels: Channels, signal: AbortSignal): AsyncIterable<Buffer> {
    const decoder = new this.#library.OpusEncoder(SAMPLES_PER_SECOND, channels);
    const stream = new OggOpusStream();
    let decodedBytes = 0;
    for await (const bytes of file) {
      signal.throwIfAborted();
      for (const packet of stream.push(bytes)) {
        const pcm = decoder.decode(packet);
        const skip = stream.preSkipSamples * channels * BYTES_PER_SAMPLE - decodedBytes;
        decodedBytes += pcm.length;
        yield skip > 0 ? pcm.subarray(skip) : pcm;
      }
    }
    stream.end();
  }
}
