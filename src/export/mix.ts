import { Loudness } from "../audio/loudness.ts";
import { FULL_SCALE, sampleOf } from "../audio/pcm.ts";
import type { Channels } from "../opus/packet-decoder.ts";
import { SILENT_BLOCKS } from "./session-track.ts";

/**
 * EBU R 128 allows a true peak of -1 dBTP. Only the largest sample is known here. Between samples the wave can be higher,
 * by less than 1 dB for a voice codec.
 */
const MAX_PEAK_DBFS = -2;

/** How loud a mix is, and its gain. */
export interface MixLevel {
  /** LUFS; undefined if the mix is silent. */
  readonly measuredLufs: number | undefined;
  readonly gain: number;
  /** LUFS with that gain: the target, or less if the peaks would clip. */
  readonly resultLufs: number | undefined;
}

/**
 * The sum of all tracks, block by block; 1 is full scale, and a sum may exceed it.
 *
 * @param tracks equally long, in blocks of a second
 */
export async function* sumOf(
  tracks: readonly AsyncIterable<Buffer>[],
  channels: Channels,
): AsyncIterable<Float32Array> {
  const iterators = tracks.map((track) => track[Symbol.asyncIterator]());
  try {
    for (;;) {
      const results = await Promise.all(iterators.map((iterator) => iterator.next()));
      const blocks = results.flatMap((result) => (result.done === true ? [] : [result.value]));
      if (blocks.length === 0) return;
      yield added(blocks, channels);
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

function added(blocks: readonly Buffer[], channels: Channels): Float32Array {
  const sum = new Float32Array(Math.max(...blocks.map(({ length }) => length / 2)));
  for (const block of blocks) {
    if (block === SILENT_BLOCKS[channels]) continue;
    const samples = samplesOf(block);
    for (let index = 0; index < samples.length; index += 1) {
      sum[index] = (sum[index] ?? 0) + (samples[index] ?? 0) / FULL_SCALE;
    }
  }
  return sum;
}

/** Blocks begin at even addresses, because each is a separate buffer or the start of one. */
function samplesOf(block: Buffer): Int16Array {
  return new Int16Array(block.buffer, block.byteOffset, block.length / Int16Array.BYTES_PER_ELEMENT);
}

/** Measures the whole mix, to find the gain for the target. */
export async function measureLevel(
  mix: AsyncIterable<Float32Array>,
  channels: Channels,
  targetLufs: number,
): Promise<MixLevel> {
  const loudness = new Loudness(channels);
  for await (const block of mix) loudness.push(block);
  const measuredLufs = loudness.integrated();
  if (measuredLufs === undefined) return { measuredLufs, gain: 1, resultLufs: undefined };
  const roomDb = MAX_PEAK_DBFS - decibels(loudness.peak);
  const gainDb = Math.min(targetLufs - measuredLufs, roomDb);
  return { measuredLufs, gain: 10 ** (gainDb / 20), resultLufs: measuredLufs + gainDb };
}

/** The mix as 16-bit PCM. */
export async function* leveled(mix: AsyncIterable<Float32Array>, gain: number): AsyncIterable<Buffer> {
  for await (const block of mix) {
    const pcm = Buffer.alloc(block.length * Int16Array.BYTES_PER_ELEMENT);
    const samples = samplesOf(pcm);
    for (let index = 0; index < block.length; index += 1) {
      samples[index] = sampleOf((block[index] ?? 0) * gain);
    }
    yield pcm;
  }
}

function decibels(magnitude: number): number {
  return 20 * Math.log10(magnitude);
}
