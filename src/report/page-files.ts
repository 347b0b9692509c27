import { CHAT_FILE, EVENTS_FILE, MANIFEST_FILE, partFileName } from "../session/job-files.ts";
import type { Manifest } from "../session/manifest.ts";
import type { PageFile } from "./page-data.ts";

/** The recording's files for the page's links: first the general files, then each speaker's in time order. */
export function filesOf(manifest: Manifest, indexes: ReadonlyMap<string, number>): PageFile[] {
  const others = [MANIFEST_FILE, EVENTS_FILE, ...(manifest.chatUri === undefined ? [] : [CHAT_FILE])];
  return [
    ...others.map((name): PageFile => ({ name })),
    ...manifest.tracks.map(
      ({ speakerId, part, startOffsetMs, durationMs, bytes }): PageFile => ({
        name: partFileName(speakerId, part),
        sound: {
          speaker: indexes.get(speakerId) ?? -1,
          fromMs: Math.round(startOffsetMs),
          ms: Math.round(durationMs),
          bytes,
        },
      }),
    ),
  ];
}

/**
 * The relative path from the page to the recording's folder. Each name is percent-encoded, so none can lead elsewhere.
 *
 * @param segments folder names, including `..`
 */
export function addressOf(segments: readonly string[]): string {
  return `./${segments.map((segment) => `${encodeURIComponent(segment)}/`).join("")}`;
}
