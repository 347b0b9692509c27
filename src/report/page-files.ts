import { CHAT_FILE, EVENTS_FILE, MANIFEST_FILE, partFileName } from "../session/job-files.ts";
import type { Manifest } from "../session/manifest.ts";
import type { PageFile } from "./page-data.ts";

/** The recording's own files, which a page can link to: everything else, then each speaker's by their time. */
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
 * The way from the page to the recording's folder, as the start of a relative address. Each name is percent-encoded, so
 * that nothing in it can lead elsewhere.
 *
 * @param segments folder names, `..` among them
 */
export function addressOf(segments: readonly string[]): string {
  return `./${segments.map((segment) => `${encodeURIComponent(segment)}/`).join("")}`;
}
