import type { Manifest, ManifestTrack } from "./manifest.ts";

/** Longer than the limit for any job, which is 7 days. */
const LONGEST_SECONDS = 8 * 24 * 3_600;
/** A track may extend this far beyond the end of the call, because its last packets can be ahead of their arrival. */
export const TAIL_SECONDS = 60;

/** Whether a call can be as long as its manifest says. */
export function hasPossibleLength({ durationSeconds }: Pick<Manifest, "durationSeconds">): boolean {
  return durationSeconds <= LONGEST_SECONDS;
}

/** Seconds from the start to the end of the call, or to the end of the last track if no call can be that long. */
export function callSeconds(manifest: Pick<Manifest, "durationSeconds" | "tracks">): number {
  if (hasPossibleLength(manifest)) return manifest.durationSeconds;
  const ends = manifest.tracks.map(trackEndSeconds).filter((end) => end <= LONGEST_SECONDS);
  return ends.reduce((latest, end) => Math.max(latest, end), 0);
}

/** Why a track cannot belong to its call, in a sentence; undefined if it can. */
export function outsideCall(
  track: Pick<ManifestTrack, "startOffsetMs" | "durationMs">,
  { durationSeconds }: Pick<Manifest, "durationSeconds">,
): string | undefined {
  const lastedSeconds = Math.min(durationSeconds, LONGEST_SECONDS);
  const end = trackEndSeconds(track);
  if (end <= lastedSeconds + TAIL_SECONDS) return undefined;
  return `ends ${Math.round(end)} s after the start, but the call lasted ${Math.round(lastedSeconds)} s`;
}

/** Seconds from the start of the call to the end of a track. */
export function trackEndSeconds({
  startOffsetMs,
  durationMs,
}: Pick<ManifestTrack, "startOffsetMs" | "durationMs">): number {
  return (startOffsetMs + durationMs) / 1_000;
}
