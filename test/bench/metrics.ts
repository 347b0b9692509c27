import { SAMPLES_PER_SECOND } from "../../src/audio/opus-packet.ts";
import type { PacketTruth } from "./load.ts";
import { mean } from "./statistics.ts";

/**
 * How true a recording is, judged only from its files. Packets are recognised by their content; what is not one of
 * the call's (fill, comfort silence) takes up time in a file and counts for nothing else.
 *
 * - received: packets of the call that are in a file of their own speaker, each counted once.
 * - inversions: packets of a speaker that come right after one that was said later, files taken in the order
 *   of their start.
 * - position error: (place in the file - place in truth), both counted from the file's first recognised packet, so
 *   that a file's start is held against nobody. The place in truth is that of the RTP timestamp; the place in the file
 *   is the duration of all packets before it. Mean and worst are of the absolute value, over all packets.
 * - misalignment: (file start + place in the file - place in truth) of two speakers who speak in the same 20 ms: the
 *   absolute difference, averaged over all pairs and all moments. It holds the files' starts against them; what all
 *   speakers have in common, as the start of the recording's clock, cancels out.
 */
export interface Fidelity {
  readonly received: number;
  readonly inversions: number;
  readonly meanMs: number;
  readonly worstMs: number;
  readonly misalignmentMs: number;
}

/** One file of one speaker. */
export interface OutputFile {
  readonly userId: string;
  /** When it starts, on the recorder's clock. */
  readonly startMs: number;
  /** In file order; places in samples from the file's start. */
  readonly packets: readonly { readonly key: string; readonly placeSamples: number }[];
}

export type Truth = ReadonlyMap<string, PacketTruth>;

/** A packet of the call, found in a file. */
interface Found {
  readonly truth: PacketTruth;
  readonly placeSamples: number;
}

interface FoundFile {
  readonly file: OutputFile;
  readonly found: readonly Found[];
}

const SAMPLES_PER_MS = SAMPLES_PER_SECOND / 1_000;
const MOMENT_SAMPLES = 20 * SAMPLES_PER_MS;

export function judge(files: readonly OutputFile[], truth: Truth): Fidelity {
  const found = recognise(files, truth);
  const errors = found.flatMap(positionErrorsMs);
  return {
    received: errors.length,
    inversions: countInversions(found),
    meanMs: mean(errors),
    worstMs: errors.reduce((worst, error) => Math.max(worst, error), 0),
    misalignmentMs: misalignmentMs(found),
  };
}

function recognise(files: readonly OutputFile[], truth: Truth): FoundFile[] {
  const seen = new Set<string>();
  return files
    .toSorted((left, right) => left.startMs - right.startMs)
    .map((file) => ({
      file,
      found: file.packets.flatMap(({ key, placeSamples }) => {
        const packet = truth.get(key);
        if (packet === undefined || packet.userId !== file.userId || seen.has(key)) return [];
        seen.add(key);
        return [{ truth: packet, placeSamples }];
      }),
    }));
}

function positionErrorsMs({ found }: FoundFile): number[] {
  const [first] = found;
  if (first === undefined) return [];
  return found.map(({ truth, placeSamples }) => {
    const place = placeSamples - first.placeSamples;
    return Math.abs(place - (truth.placeSamples - first.truth.placeSamples)) / SAMPLES_PER_MS;
  });
}

function countInversions(files: readonly FoundFile[]): number {
  const last = new Map<string, number>();
  let inversions = 0;
  for (const { truth } of files.flatMap(({ found }) => found)) {
    if (truth.index < (last.get(truth.userId) ?? -1)) inversions += 1;
    last.set(truth.userId, truth.index);
  }
  return inversions;
}

function misalignmentMs(files: readonly FoundFile[]): number {
  const moments = new Map<number, number[]>();
  for (const { file, found } of files) {
    for (const { truth, placeSamples } of found) {
      const moment = Math.floor(truth.placeSamples / MOMENT_SAMPLES);
      const offsetMs = file.startMs + (placeSamples - truth.placeSamples) / SAMPLES_PER_MS;
      const offsets = moments.get(moment);
      if (offsets === undefined) moments.set(moment, [offsetMs]);
      else offsets.push(offsetMs);
    }
  }
  let sum = 0;
  let pairs = 0;
  for (const offsets of moments.values()) {
    for (const [index, left] of offsets.entries()) {
      for (const right of offsets.slice(index + 1)) sum += Math.abs(left - right);
    }
    pairs += (offsets.length * (offsets.length - 1)) / 2;
  }
  return pairs === 0 ? 0 : sum / pairs;
}
