import { checkOggOpus } from "../audio/ogg-check.ts";
import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { TooLongError } from "../errors.ts";
import type { RecordingFiles } from "../recording/verify.ts";
import { MAX_FILE_BYTES, partFileName } from "../session/job-files.ts";
import type { ManifestTrack } from "../session/manifest.ts";
import { type AudioPiece, cutIntoPieces, leadSamplesOf, pieceAsOgg } from "./audio-pieces.ts";
import type { PageWave } from "./page-data.ts";
import { WaveformReader } from "./waveform.ts";

/** A piece that is ready to be embedded. */
export interface EmbeddedPiece extends Omit<AudioPiece, "lead" | "packets"> {
  readonly speakerId: string;
  readonly leadSamples: number;
  readonly ogg: Buffer;
}

export interface ReadAudio {
  /** By their start; empty where they are not kept. */
  readonly pieces: readonly EmbeddedPiece[];
  readonly waveforms: ReadonlyMap<string, readonly PageWave[]>;
  readonly warnings: readonly string[];
}

export interface ReadAudioOptions {
  readonly files: RecordingFiles;
  readonly tracks: readonly ManifestTrack[];
  /** Whether the sound itself is wanted, or how loud it is alone. */
  readonly keepPieces: boolean;
  /** Told after each part how many milliseconds of all parts are read. */
  readonly onProgress: (readMs: number, allMs: number) => void;
}

/** Reads the parts one after the other: what is kept of one is its sound, cut into pieces, and how loud it is. */
export async function readAudio({ files, tracks, keepPieces, onProgress }: ReadAudioOptions): Promise<ReadAudio> {
  const reader = await WaveformReader.open();
  try {
    const allMs = tracks.reduce((sum, { durationMs }) => sum + durationMs, 0);
    let readMs = 0;
    const pieces: EmbeddedPiece[] = [];
    const waveforms = new Map<string, PageWave[]>();
    const warnings: string[] = [];
    for (const track of tracks) {
      const { speakerId, durationMs } = track;
      const waves = waveforms.get(speakerId) ?? [];
      waveforms.set(speakerId, waves);
      for (const piece of await readPieces(files, track, warnings)) {
        waves.push(reader.read(piece));
        if (keepPieces) pieces.push(embedded(piece, speakerId));
      }
      readMs += durationMs;
      onProgress(readMs, allMs);
    }
    pieces.sort((left, right) => left.startSample - right.startSample);
    return { pieces, waveforms, warnings };
  } finally {
    reader.close();
  }
}

async function readPieces(files: RecordingFiles, track: ManifestTrack, warnings: string[]): Promise<AudioPiece[]> {
  const name = partFileName(track.speakerId, track.part);
  const bytes = await files.read(name, Math.min(track.bytes, MAX_FILE_BYTES)).catch((error: unknown) => {
    if (error instanceof TooLongError) return "too long" as const;
    throw error;
  });
  if (bytes === undefined || bytes === "too long") {
    const fault = bytes === undefined ? "is missing" : "is longer than the manifest says";
    warnings.push(`${name} ${fault}: what is in it can be neither seen nor heard here.`);
    return [];
  }
  const { faults, packets } = checkOggOpus(bytes);
  if (faults[0] !== undefined) warnings.push(`${name} is damaged (${faults[0]}): some of it may be missing here.`);
  return cutIntoPieces(packets, Math.round((track.startOffsetMs * SAMPLES_PER_SECOND) / 1_000));
}

function embedded(piece: AudioPiece, speakerId: string): EmbeddedPiece {
  const { startSample, samples } = piece;
  return { speakerId, startSample, samples, leadSamples: leadSamplesOf(piece), ogg: pieceAsOgg(piece) };
}
