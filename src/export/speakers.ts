import { InputError } from "../errors.ts";
import type { Manifest, ManifestTrack } from "../session/manifest.ts";
import { cutToBytes } from "../text/safe-text.ts";

/** One speaker's track in an export. */
export interface ExportedSpeaker {
  readonly id: string;
  /** On one line. A stranger chose it. */
  readonly name: string;
  /** Safe in a path, a shell and a project file; unique in the recording. Without an ending. */
  readonly fileStem: string;
  readonly parts: readonly ManifestTrack[];
}

const MAX_STEM_BYTES = 80;

/** Speakers with sound, in the order of their first words. People who refused to be recorded are not among them. */
export function exportedSpeakers({ speakers, participants, tracks }: Manifest): ExportedSpeaker[] {
  const stems = new Set<string>();
  return speakers.flatMap(({ id, displayName }) => {
    const parts = tracks.filter(({ speakerId }) => speakerId === id);
    if (parts.length === 0) return [];
    const label = participants.find((participant) => participant.id === id)?.speakerLabel ?? id;
    const name = onOneLine(displayName);
    const stem = safeStem(`${label}-${displayName}`);
    if (stems.has(stem)) throw new InputError(`manifest.json: gives two speakers the label "${label}"; it is damaged`);
    stems.add(stem);
    return { id, name: name === "" ? label : name, fileStem: stem, parts };
  });
}

/** Replaces line ends and other control characters with spaces, because each could start a new line, cue or field. */
export function onOneLine(text: string): string {
  return text
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll(/ +/g, " ")
    .trim();
}

/** A stranger's text as the name of a file, without an ending. */
export function safeStem(text: string): string {
  const safe = text.normalize("NFC").replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, "_");
  return cutToBytes(safe, MAX_STEM_BYTES)
    .replace(/^[-._]+/, "")
    .replace(/[-._]+$/, "");
}
