import { boundedName, cutToBytes } from "../safe-text.ts";

const MAX_NAME_BYTES = 100;
/** As many as Discord allows. */
const MAX_SHOWN_CHARACTERS = 260;

/** The sender's name for a file, as the manifest holds it. */
export function shownFileName(filename: string): string {
  return boundedName(filename, MAX_SHOWN_CHARACTERS);
}

/**
 * Where an attachment is stored among the job's files: unique by its id, with as much of the sender's name for it as is
 * safe in a path, a shell and a list: letters and digits of any script, and `. _ -`. No separator, control or
 * direction character, no leading dot.
 */
export function attachmentFileName(attachmentId: string, filename: string): string {
  const safe = filename
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "_")
    .replace(/^[._]+/, "");
  return `attachments/${attachmentId}-${shortened(safe === "" ? "file" : safe)}`;
}

/** Cut in front of the extension, between characters. */
function shortened(name: string): string {
  const [extension = ""] = /\.[\p{L}\p{N}]{1,16}$/u.exec(name) ?? [];
  const stem = name.slice(0, name.length - extension.length);
  return cutToBytes(stem, MAX_NAME_BYTES - Buffer.byteLength(extension)) + extension;
}
