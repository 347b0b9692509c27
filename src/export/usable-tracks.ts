import { OggOpusStream } from "../audio/ogg-stream.ts";
import { parseOpusPacket } from "../audio/opus-packet.ts";
import { InputError } from "../errors.ts";
import type { RecordingStreams } from "../recording/verify.ts";
import { partFileName } from "../session/job-files.ts";
import type { Manifest, ManifestTrack } from "../session/manifest.ts";
import { samplesAt } from "./session-track.ts";

/** A track may reach this far beyond the end of the call: its last packets can be ahead of their arrival. */
const TAIL_SECONDS = 60;
/** Longer than any job may take, which is 7 days. */
const LONGEST_SECONDS = 8 * 24 * 3_600;

export interface UsableTracks {
  /** With only the tracks that can be exported, and a length that they fit into. */
  readonly manifest: Manifest;
  /** A sentence for each track that cannot, naming its file. */
  readonly leftOut: readonly string[];
}

/**
 * Reads each track completely, without decoding it. A track that is damaged, missing or outside the call is left out, so
 * that the others can be exported.
 *
 * @throws InputError if there are tracks and none can be exported
 */
export async function usableTracks(
  manifest: Manifest,
  files: RecordingStreams,
  signal: AbortSignal,
): Promise<UsableTracks> {
  const endSeconds = Math.min(manifest.durationSeconds, LONGEST_SECONDS);
  const tracks: ManifestTrack[] = [];
  const leftOut: string[] = [];
  for (const track of manifest.tracks) {
    const name = partFileName(track.speakerId, track.part);
    const fault = absurdity(track, endSeconds) ?? (await damage(track, files, signal));
    if (fault === undefined) tracks.push(track);
    else leftOut.push(fault.startsWith(`${name}: `) ? fault : `${name}: ${fault}`);
  }
  if (tracks.length === 0 && leftOut[0] !== undefined) {
    throw new InputError(`no track can be exported; ${leftOut[0]}; verify lists all faults of the recording`);
  }
  // If no call can be that long, the ends of the tracks count instead.
  const durationSeconds = manifest.durationSeconds > LONGEST_SECONDS ? 0 : manifest.durationSeconds;
  return { manifest: { ...manifest, tracks, durationSeconds }, leftOut };
}

function absurdity({ startOffsetMs, durationMs }: ManifestTrack, endSeconds: number): string | undefined {
  const seconds = (startOffsetMs + durationMs) / 1_000;
  if (seconds <= endSeconds + TAIL_SECONDS) return undefined;
  return `ends ${Math.round(seconds)} s after the start, but the call lasted ${Math.round(endSeconds)} s`;
}

/** What is wrong with a track's file, in a sentence. */
async function damage(track: ManifestTrack, files: RecordingStreams, signal: AbortSignal): Promise<string | undefined> {
  const stream = new OggOpusStream();
  let samples = 0;
  try {
    for await (const bytes of files.stream(partFileName(track.speakerId, track.part), signal)) {
      for (const packet of stream.push(bytes)) samples += parseOpusPacket(packet)?.durationSamples ?? 0;
    }
    stream.end();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  const [found, expected] = [samples - stream.preSkipSamples, samplesAt(track.durationMs)];
  return found === expected ? undefined : `${found} samples, the manifest says ${expected}`;
}
