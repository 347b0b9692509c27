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

/** A file that belongs to a recording because its manifest says so. */
export interface NamedFile {
  readonly name: string;
  readonly mimeType: string;
  /** Null for files that the manifest has no checksum of. */
  readonly sha256: string | null;
}

/** Every file of a recording. Names are made from ids in the manifest, never taken from an address or a bucket. */
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

/** RFC 6266 §4.3: a file is saved and not shown, under its name in the form that any character fits in. */
export function dispositionOf(name: string): string {
  const base = name.slice(name.lastIndexOf("/") + 1);
  const escaped = encodeURIComponent(base).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename*=UTF-8''${escaped}`;
}
