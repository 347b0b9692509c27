import type { Log } from "../../log.ts";
import { isAttachmentFile, isPartFile } from "../../session/job-files.ts";
import type { Spool } from "../ports/spool.ts";
import type { JobJournal } from "./job-journal.ts";

/** What `StoredFiles` needs to record that a file is stored, and to remove it. */
export interface StoredFilesPorts {
  readonly journal: JobJournal;
  readonly spool: Spool;
  readonly log: Log;
}

/** Records that a file is stored, and removes the local copy if nothing else needs it. */
export async function noteStored({ journal, spool, log }: StoredFilesPorts, name: string): Promise<void> {
  journal.note({ type: "stored", name });
  // The manifest is built from the logs and may have to be rebuilt.
  if (!isDispensable(name)) return;
  try {
    // Once the spool's copy is gone, only the journal knows that the part existed.
    await journal.synced();
  } catch (error) {
    log.warn({ err: error, file: name }, "the journal could not be written; the stored file stays in the spool too");
    return;
  }
  await spool.remove(name);
}

/**
 * Called when a finished file was deleted from the spool. The recording is finished without it.
 *
 * @returns true if the file is gone and the recording can be finished without it
 */
export async function noteLost({ journal, spool, log }: StoredFilesPorts, name: string): Promise<boolean> {
  if ((await spool.names()).includes(name) || !isDispensable(name)) return false;
  log.error({ file: name }, "a finished file was deleted from the spool before it was stored");
  journal.note({ type: "lost", name, reason: `${name} was deleted from the spool before it was stored` });
  return true;
}

/** The end of a sentence about a file that the storage has lost. */
export const WAS_DELETED = "was stored, but was deleted from the storage";

/**
 * Records that a file is nowhere, in the manifest and in the log.
 *
 * @param file without bytes if only an event names it
 * @param how the end of a clause that begins with the file's name
 */
export function noteMissing(
  { journal, log }: Pick<StoredFilesPorts, "journal" | "log">,
  { name, bytes }: { readonly name: string; readonly bytes?: number },
  how: string,
): void {
  const size = bytes === undefined ? "" : ` (${bytes} bytes)`;
  const reason = `${name}${size} ${how}; the recording is finished without it`;
  journal.note({ type: "lost", name, reason });
  log.warn({ file: name }, reason);
}

/** Only audio and attachments; a recovery rebuilds the logs. */
function isDispensable(name: string): boolean {
  return isPartFile(name) || isAttachmentFile(name);
}
