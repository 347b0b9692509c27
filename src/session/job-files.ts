import { boundedName, cutToBytes } from "../text/safe-text.ts";

/**
 * The files of a job: their names, their content types, and the maximum size to read of each. The same names are used
 * in the spool, in the storage and in the manifest's addresses.
 */

export const MANIFEST_FILE = "manifest.json";
/** The provisional manifest of a running job. Only the storage has it. */
export const PROVISIONAL_FILE = "manifest.recording.json";
export const EVENTS_FILE = "events.jsonl";
export const CHAT_FILE = "chat.jsonl";
/** These are only in the spool. */
export const JOURNAL_FILE = "journal.jsonl";
export const OUTBOX_FILE = "outbox.jsonl";
export const LOCK_FILE = "lock";
/** Reserves space for when the disk is full. */
export const RESERVE_FILE = "reserve";

export const AUDIO_TYPE = "audio/ogg; codecs=opus";
export const LINES_TYPE = "application/jsonl";
export const MANIFEST_TYPE = "application/json";
/** The content type of a stranger's bytes, which no browser should show as a page. */
export const ATTACHMENT_TYPE = "application/octet-stream";

/** A part needs about 1 kB in the manifest, so this is enough for 60,000 parts. */
export const MAX_MANIFEST_BYTES = 64_000_000;
/** `events.jsonl` and `chat.jsonl`, each: more than a million lines. */
export const MAX_LOG_BYTES = 256_000_000;
/** The limit for audio and attachments, unless the manifest says less: the most that Node reads at once. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

/** The tags of an Ogg file, which identify a truncated part without any other file. */
export const PART_TAGS = {
  userId: "DISCORD_USER_ID",
  number: "MEETBOT_PART",
  startOffsetMs: "MEETBOT_START_OFFSET_MS",
};

const ATTACHMENTS_FOLDER = "attachments/";
const MAX_NAME_BYTES = 100;
/** The most people that Discord allows. */
const MAX_SHOWN_CHARACTERS = 260;

/** `audio.<userId>.ogg`, `audio.<userId>-2.ogg`, … */
export function partFileName(userId: string, number: number): string {
  return number === 1 ? `audio.${userId}.ogg` : `audio.${userId}-${number}.ogg`;
}

export function isPartFile(name: string): boolean {
  return /^audio\..+\.ogg$/.test(name);
}

export function isAttachmentFile(name: string): boolean {
  return name.startsWith(ATTACHMENTS_FOLDER);
}

/** The sender's name for a file in the manifest. */
export function shownFileName(filename: string): string {
  return boundedName(filename, MAX_SHOWN_CHARACTERS);
}

/**
 * The name of an attachment among the job's files: unique by its id, with as much of the sender's file name as is
 * safe in a path, a shell and a list: letters and digits of any script, and `. _ -`. No separator, control or
 * direction character, no leading dot.
 */
export function attachmentFileName(attachmentId: string, filename: string): string {
  const safe = filename
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "_")
    .replace(/^[._]+/, "");
  return `${ATTACHMENTS_FOLDER}${attachmentId}-${shortened(safe === "" ? "file" : safe)}`;
}

/** Shortened before the extension, between characters. */
function shortened(name: string): string {
  const [extension = ""] = /\.[\p{L}\p{N}]{1,16}$/u.exec(name) ?? [];
  const stem = name.slice(0, name.length - extension.length);
  return cutToBytes(stem, MAX_NAME_BYTES - Buffer.byteLength(extension)) + extension;
}
