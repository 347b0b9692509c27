import { setImmediate as nextTurn } from "node:timers/promises";
import { checkOggOpus } from "../audio/ogg/ogg-check.ts";
import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { TooLongError, UnreadableFileError } from "../errors.ts";
import { outsideCall } from "../session/call-length.ts";
import { MAX_FILE_BYTES, partFileName } from "../session/job-files.ts";
import type { ManifestTrack } from "../session/manifest.ts";
import type { RecordingFiles } from "../session/recording-files.ts";
import { boundedLines } from "../text/bounded-lines.ts";
import { type AudioClip, clipAsOgg, cutIntoClips, leadSamplesOf } from "./audio-clips.ts";
import type { PageWave } from "./page-data.ts";
import { WaveformReader } from "./waveform.ts";

/** A clip that is ready to be embedded. */
export interface EmbeddedClip extends Omit<AudioClip, "lead" | "packets"> {
  readonly speakerId: string;
  readonly leadSamples: number;
  readonly ogg: Buffer;
}

export interface ReadAudio {
  /** By their start; empty if they are not kept. */
  readonly clips: readonly EmbeddedClip[];
  readonly waveforms: ReadonlyMap<string, readonly PageWave[]>;
  readonly warnings: readonly string[];
}

export interface ReadAudioOptions {
  readonly files: RecordingFiles;
  readonly tracks: readonly ManifestTrack[];
  /** Length of the call; a track outside it is left out. */
  readonly durationSeconds: number;
  /** Whether to keep the sound, or only how loud it is. */
  readonly keepClips: boolean;
  /** Called after each part with the number of milliseconds read of all parts. */
  readonly onProgress: (readMs: number, allMs: number) => void;
}

/** Reads the parts one after another. It keeps each one's sound, divided into clips, and its loudness. */
export async function readAudio({
  files,
  tracks,
  durationSeconds,
  keepClips,
  onProgress,
}: ReadAudioOptions): Promise<ReadAudio> {
  const reader = await WaveformReader.open();
  try {
    const allMs = tracks.reduce((sum, { durationMs }) => sum + durationMs, 0);
    let readMs = 0;
    const clips: EmbeddedClip[] = [];
    const waveforms = new Map<string, PageWave[]>();
    const warnings: string[] = [];
    for (const track of tracks) {
      const { speakerId, durationMs } = track;
      const waves = waveforms.get(speakerId) ?? [];
      waveforms.set(speakerId, waves);
      for (const clip of await readClips(files, track, durationSeconds, warnings)) {
        waves.push(reader.read(clip));
        if (keepClips) clips.push(embedded(clip, speakerId));
        // The job service makes reports too, and a part may be hours long: others get their turn between two clips.
        await nextTurn();
      }
      readMs += durationMs;
      onProgress(readMs, allMs);
    }
    clips.sort((left, right) => left.startSample - right.startSample);
    return { clips, waveforms, warnings: boundedLines(warnings, "file") };
  } finally {
    reader.close();
  }
}

async function readClips(
  files: RecordingFiles,
  track: ManifestTrack,
  durationSeconds: number,
  warnings: string[],
): Promise<AudioClip[]> {
  const name = partFileName(track.speakerId, track.part);
  const bytes = await files.read(name, Math.min(track.bytes, MAX_FILE_BYTES)).catch((error: unknown) => {
    if (error instanceof UnreadableFileError) return error;
    throw error;
  });
  const fault = outsideCall(track, { durationSeconds }) ?? faultOf(bytes);
  if (fault !== undefined || !Buffer.isBuffer(bytes)) {
    warnings.push(`${name} ${fault}: what is in it can be neither seen nor heard here.`);
    return [];
  }
  const { faults, packets } = checkOggOpus(bytes);
  if (faults[0] !== undefined) warnings.push(`${name} is damaged (${faults[0]}): some of it may be missing here.`);
  return cutIntoClips(packets, Math.round((track.startOffsetMs * SAMPLES_PER_SECOND) / 1_000));
}

function faultOf(bytes: Buffer | UnreadableFileError | undefined): string | undefined {
  if (bytes === undefined) return "is missing";
  if (bytes instanceof TooLongError) return "is longer than the manifest says";
  return Buffer.isBuffer(bytes) ? undefined : "is not a file that can be read";
}

function embedded(clip: AudioClip, speakerId: string): EmbeddedClip {
  const { startSample, samples } = clip;
  return { speakerId, startSample, samples, leadSamples: leadSamplesOf(clip), ogg: clipAsOgg(clip) };
}
