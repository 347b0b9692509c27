import {
  ATTACHMENT_TYPE,
  AUDIO_TYPE,
  attachmentFileName,
  CHAT_FILE,
  EVENTS_FILE,
  LINES_TYPE,
  MANIFEST_FILE,
  MANIFEST_TYPE,
  partFileName,
} from "../../session/job-files.ts";
import type { Manifest } from "../../session/manifest.ts";

/** A file that a manifest names. */
export interface NamedFile {
  readonly name: string;
  readonly mimeType: string;
  /** Null if the manifest has no checksum for it. */
  readonly sha256: string | null;
}

/** All files of a recording. Names are made from ids in the manifest, never taken from a request or a bucket. */
export function manifestFiles({ tracks, attachments = [], chatUri }: Manifest): NamedFile[] {
  return [
    { name: MANIFEST_FILE, mimeType: MANIFEST_TYPE, sha256: null },
    { name: EVENTS_FILE, mimeType: LINES_TYPE, sha256: null },
    ...(chatUri === undefined ? [] : [{ name: CHAT_FILE, mimeType: LINES_TYPE, sha256: null }]),
    ...tracks.map(({ speakerId, part, sha256 }) => ({
      name: partFileName(speakerId, part),
      mimeType: AUDIO_TYPE,
      sha256,
    })),
    ...attachments.map(({ attachmentId, filename, sha256 }) => ({
      name: attachmentFileName(attachmentId, filename),
      mimeType: ATTACHMENT_TYPE,
      sha256,
    })),
  ];
}

/** RFC 6266 §4.3: a browser saves the file instead of showing it. The encoded form of the name allows any character. */
export function dispositionOf(name: string): string {
  const base = name.slice(name.lastIndexOf("/") + 1);
  const escaped = encodeURIComponent(base).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename*=UTF-8''${escaped}`;
}
