import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { BYTES_PER_SAMPLE } from "../audio/wav.ts";
import { InputError } from "../errors.ts";
import type { Channels } from "../opus/packet-decoder.ts";
import { partFileName } from "../session/job-files.ts";
import type { Manifest, ManifestTrack } from "../session/manifest.ts";
import type { RecordingStreams } from "../session/recording-files.ts";
import { decodeOggOpus } from "./decode.ts";

/** A track comes in blocks of a second, so memory use does not depend on the call's length. */
export const BLOCK_SAMPLES = SAMPLES_PER_SECOND;

/** A block without sound is this exact object, which lets callers skip it. */
export const SILENT_BLOCKS: Readonly<Record<Channels, Buffer>> = {
  1: Buffer.alloc(BLOCK_SAMPLES * BYTES_PER_SAMPLE),
  2: Buffer.alloc(BLOCK_SAMPLES * BYTES_PER_SAMPLE * 2),
};

export interface TrackSource {
  readonly files: RecordingStreams;
  readonly channels: Channels;
  readonly signal: AbortSignal;
}

/** Session time in samples. A part starts on a whole sample, although its milliseconds may be a rounded fraction. */
export function samplesAt(sessionMs: number): number {
  return Math.round((sessionMs * SAMPLES_PER_SECOND) / 1_000);
}

/** Samples from the session's start to its end, or to the end of the last part if that is later. */
export function sessionSamples({ durationSeconds, tracks }: Manifest): number {
  const ends = tracks.map(({ startOffsetMs, durationMs }) => samplesAt(startOffsetMs) + samplesAt(durationMs));
  return ends.reduce((latest, end) => Math.max(latest, end), samplesAt(durationSeconds * 1_000));
}

/**
 * One speaker's sound from session time 0 on: each part at its start, and silence between them.
 *
 * @param parts of one speaker
 * @returns `totalSamples` of 16-bit PCM, in blocks of a second; the last one may be shorter
 * @throws InputError naming the part that is damaged
 */
export async function* sessionTrack(
  parts: readonly ManifestTrack[],
  totalSamples: number,
  source: TrackSource,
): AsyncIterable<Buffer> {
  const frameBytes = source.channels * BYTES_PER_SAMPLE;
  const blockBytes = BLOCK_SAMPLES * frameBytes;
  const totalBytes = totalSamples * frameBytes;
  const silent = SILENT_BLOCKS[source.channels];
  let done = 0;
  let block: Buffer | undefined;
  let filled = 0;
  for await (const chunk of chunksOf(parts, totalBytes, frameBytes, source)) {
    source.signal.throwIfAborted();
    let left = typeof chunk === "number" ? chunk : chunk.length;
    while (left > 0) {
      const size = Math.min(blockBytes, totalBytes - done);
      const take = Math.min(left, size - filled);
      if (typeof chunk === "number" && take === size) {
        yield size === blockBytes ? silent : silent.subarray(0, size);
        done += size;
      } else {
        block ??= Buffer.alloc(size);
        if (typeof chunk !== "number") chunk.copy(block, filled, chunk.length - left, chunk.length - left + take);
        filled += take;
        if (filled === size) {
          yield block;
          done += size;
          block = undefined;
          filled = 0;
        }
      }
      left -= take;
    }
  }
}

/** The parts in order: bytes of sound, or a number of bytes of silence. They add up to `totalBytes`. */
async function* chunksOf(
  parts: readonly ManifestTrack[],
  totalBytes: number,
  frameBytes: number,
  source: TrackSource,
): AsyncIterable<Buffer | number> {
  let position = 0;
  for (const part of parts.toSorted((left, right) => left.startOffsetMs - right.startOffsetMs)) {
    const start = samplesAt(part.startOffsetMs) * frameBytes;
    if (start > position) yield start - position;
    // Sound that overlaps the previous part is cut off, so later sound keeps its time.
    let overlap = Math.max(0, position - start);
    position = Math.max(position, start);
    for await (const pcm of partSound(part, frameBytes, source)) {
      const sound = pcm.subarray(Math.min(overlap, pcm.length));
      overlap -= pcm.length - sound.length;
      yield sound;
      position += sound.length;
    }
  }
  yield totalBytes - position;
}

async function* partSound(part: ManifestTrack, frameBytes: number, source: TrackSource): AsyncIterable<Buffer> {
  const { files, channels, signal } = source;
  const name = partFileName(part.speakerId, part.part);
  let decoded = 0;
  try {
    for await (const pcm of decodeOggOpus(files.stream(name, signal), channels, signal)) {
      decoded += pcm.length;
      yield pcm;
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${name}: ${error.message}; verify lists all faults of the recording`, {
      cause: error,
    });
  }
  const expected = samplesAt(part.durationMs);
  if (decoded !== expected * frameBytes) {
    throw new InputError(
      `${name}: ${decoded / frameBytes} samples, the manifest says ${expected}; verify lists all faults of the recording`,
    );
  }
}
