import type { Manifest, ManifestTrack } from "../session/manifest.ts";

/** One speaker's track in an export. */
export interface ExportedSpeaker {
  readonly id: string;
  /** On one line, as text; a stranger chose it. */
  readonly name: string;
  /** Safe in a path, a shell and a project file; unique in the recording. Without an ending. */
  readonly fileStem: string;
  readonly parts: readonly ManifestTrack[];
}

const MAX_STEM_BYTES = 80;

/** Those of whom there is sound, in the order of their first words: not who was heard and declined to be recorded. */
export function exportedSpeakers({ speakers, participants, tracks }: Manifest): ExportedSpeaker[] {
  return speakers.flatMap(({ id, displayName }) => {
    const parts = tracks.filter(({ speakerId }) => speakerId === id);
    if (parts.length === 0) return [];
    const label = participants.find((participant) => participant.id === id)?.speakerLabel ?? id;
    const name = onOneLine(displayName);
    return { id, name: name === "" ? label : name, fileStem: fileStem(label, displayName), parts };
  });
}

/** Line ends and other control characters become spaces: each would begin a new line, cue or field. */
export function onOneLine(text: string): string {
  return text
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll(/ +/g, " ")
    .trim();
}

function fileStem(label: string, displayName: string): string {
  const safe = displayName.normalize("NFC").replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, "_");
  let stem = `${label}-${safe}`;
  while (Buffer.byteLength(stem) > MAX_STEM_BYTES) stem = [...stem].slice(0, -1).join("");
  return stem.replace(/[-._]+$/, "");
}
