import type { Log } from "../../log.ts";
import { isAttachmentFile, isPartFile } from "../../session/job-files.ts";
import type { Spool } from "../ports/spool.ts";
import type { JobJournal } from "./job-journal.ts";

/** What `StoredFiles` needs to note that a file is stored, and to free it. */
export interface StoredFilesPorts {
  readonly journal: JobJournal;
  readonly spool: Spool;
  readonly log: Log;
}

/** Says that the storage has a file, and frees the local copy if nothing else needs it. */
export async function noteStored({ journal, spool, log }: StoredFilesPorts, name: string): Promise<void> {
  journal.note({ type: "stored", name });
  // The manifest is made from the logs and may have to be made again.
  if (!isDispensable(name)) return;
  try {
    // Once the spool's copy is gone, only the journal knows that there was such a part.
    await journal.synced();
  } catch (error) {
    log.warn({ err: error, file: name }, "the journal could not be written; the stored file stays in the spool too");
    return;
  }
  await spool.remove(name);
}

/**
 * A finished file is not in the spool any more: somebody has deleted it. The recording is finished without it.
 *
 * @returns whether that is so, and the recording can do without the file
 */
export async function noteLost({ journal, spool, log }: StoredFilesPorts, name: string): Promise<boolean> {
  if ((await spool.names()).includes(name) || !isDispensable(name)) return false;
  log.error({ file: name }, "a finished file was deleted from the spool before it was stored");
  journal.note({ type: "lost", name, reason: `${name} was deleted from the spool before it was stored` });
  return true;
}

/** Audio and attachments: the logs are made again by a recovery. */
function isDispensable(name: string): boolean {
  return isPartFile(name) || isAttachmentFile(name);
}
