import * as z from "zod";
import { withoutControls } from "../text/safe-text.ts";

/**
 * The forms of ids and names in everything that is written to a disk or a bucket. Others may have written the files
 * there, so a reader checks each field: an id is safe in a path, and a name is one line of limited length.
 */

/** Discord's ids: a 64-bit number in decimal digits (Discord API reference, "Snowflakes"). */
export const snowflake = z.string().regex(/^\d{1,20}$/, "expected an id of 1 to 20 digits");

/** A job's id, which is its folder's name too; the setting MEETBOT_JOB_ID takes the same. */
export const jobIdForm = z
  .string()
  .regex(/^(?!\.{1,2}$)[\w.:@=+-]{1,128}$/, "expected 1 to 128 letters, digits and any of . _ : @ = + -");

/**
 * The names of people, servers and channels. The worker writes at most 100 Unicode characters. Earlier versions wrote
 * names unchanged. Control characters are replaced when such a name is read, so the recording stays readable.
 */
export const nameForm = oneLine(200);

/** A sender's name for a file, which is text and not a path. The worker writes at most 260 Unicode characters. */
export const fileNameForm = oneLine(520);

/** The most characters that Discord accepts in one message. */
export const MAX_MESSAGE_LENGTH = 2_000;

/** The most characters of a note, and of its author's name. */
export const MAX_NOTE_LENGTH = 2_000;
export const MAX_NOTE_AUTHOR_LENGTH = 100;

function oneLine(maxLength: number) {
  return z.string().max(maxLength).overwrite(withoutControls);
}

/** A, B … Z, AA, AB …: safe in a path. */
export const labelForm = z.string().regex(/^[A-Z]{1,6}$/, "expected 1 to 6 letters from A to Z");

/** One of a job's audio files. */
export const audioFileForm = z.string().regex(/^audio\.\d{1,20}(?:-[1-9]\d{0,8})?\.ogg$/, "expected audio.<id>.ogg");

/** One of a job's other files: a log, or an attachment under its id. No separator, control or leading dot in it. */
export const sideFileForm = z
  .string()
  .regex(
    /^(?:(?:events|chat)\.jsonl|attachments\/\d{1,20}-[\p{L}\p{M}\p{N}._-]{1,200})$/u,
    "expected a job's own file",
  );

export const sha256Form = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits");
