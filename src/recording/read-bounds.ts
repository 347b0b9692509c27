/**
 * The most that is read of a recording's file at once. A folder or a bucket may hold anything under a job's names, also
 * an object without an end.
 */

/** A part takes about 1 kB of the manifest, so this is enough for 60,000 of them. */
export const MAX_MANIFEST_BYTES = 64_000_000;
/** `events.jsonl` and `chat.jsonl`, each: more than a million lines. */
export const MAX_LOG_BYTES = 256_000_000;
/** Audio and attachments, where the manifest does not promise less: the most that Node reads at once. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;
