import { OggOpusStream } from "../audio/ogg/ogg-stream.ts";
import { parseOpusPacket } from "../audio/opus-packet.ts";
import { InputError } from "../errors.ts";
import { callSeconds, outsideCall } from "../session/call-length.ts";
import { partFileName } from "../session/job-files.ts";
import type { Manifest, ManifestTrack } from "../session/manifest.ts";
import type { RecordingStreams } from "../session/recording-files.ts";
import { samplesAt } from "./session-track.ts";

export interface UsableTracks {
  /** Contains only the tracks that can be exported, and a length that covers them. */
  readonly manifest: Manifest;
  /** A sentence for each unusable track, naming its file. */
  readonly leftOut: readonly string[];
}

/**
 * Reads each track completely, without decoding it. Tracks that are damaged, missing or outside the call are left out,
 * and the others can be exported.
 *
 * @throws InputError if there are tracks and none can be exported
 */
export async function usableTracks(
  manifest: Manifest,
  files: RecordingStreams,
  signal: AbortSignal,
): Promise<UsableTracks> {
  const tracks: ManifestTrack[] = [];
  const leftOut: string[] = [];
  for (const track of manifest.tracks) {
    const name = partFileName(track.speakerId, track.part);
    const fault = outsideCall(track, manifest) ?? (await damage(track, files, signal));
    if (fault === undefined) tracks.push(track);
    else leftOut.push(fault.startsWith(`${name}: `) ? fault : `${name}: ${fault}`);
  }
  if (tracks.length === 0 && leftOut[0] !== undefined) {
    throw new InputError(`no track can be exported; ${leftOut[0]}; verify lists all faults of the recording`);
  }
  const durationSeconds = callSeconds({ ...manifest, tracks });
  return { manifest: { ...manifest, tracks, durationSeconds }, leftOut };
}

/** The problem of a track's file, in a sentence. */
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
