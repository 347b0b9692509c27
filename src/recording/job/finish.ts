import { JOURNAL_FILE, MANIFEST_FILE, MANIFEST_TYPE, PROVISIONAL_FILE } from "../../session/job-files.ts";
import type { Manifest } from "../../session/manifest.ts";
import type { Log, Spool, Storage } from "../ports.ts";
import type { JobEventSender, JobOutcome } from "./job-event-sender.ts";
import type { JobJournal } from "./job-journal.ts";
import { buildManifest } from "./manifest-builder.ts";
import type { Uploader } from "./uploader.ts";

export interface FinishPorts {
  readonly journal: JobJournal;
  readonly spool: Spool;
  readonly storage: Storage;
  readonly uploader: Uploader;
  readonly log: Log;
}

/** A step of finishing whose failure must not cost the recording. */
export async function attempt(log: Log, step: string, action: () => Promise<void> | undefined): Promise<void> {
  try {
    await action();
  } catch (error) {
    log.error({ err: error }, `${step} failed`);
  }
}

/**
 * Waits until all files are stored, then stores the manifest. The same for a call that has just ended and for one that
 * is recovered: everything before it is in the journal.
 *
 * @returns undefined where something could not be stored; everything that is needed to try again stays in the spool
 */
export async function storeManifest({ journal, spool, storage, uploader, log }: FinishPorts) {
  await uploader.drain();
  if (uploader.failures.length > 0) return undefined;
  const { record } = journal;
  const manifest: Manifest = buildManifest(record, (name) => storage.uriOf(name));
  if (!record.finalized) {
    const file = await spool.write(MANIFEST_FILE, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, "utf8"));
    uploader.add(file, MANIFEST_TYPE);
    await uploader.drain();
    if (uploader.failures.length > 0) return undefined;
    journal.note({ type: "finalized" });
    await storage.remove(PROVISIONAL_FILE).catch((error: unknown) => {
      log.warn({ err: error }, `${PROVISIONAL_FILE} could not be removed; ${MANIFEST_FILE} is what counts`);
    });
  }
  return manifest;
}

/**
 * Tells how a job ended, and gives its spool back: empty where everybody knows, with all that is needed to tell them
 * later where not.
 *
 * @returns whether everybody knows
 */
export async function closeJob(
  { journal, spool, log, teller }: Pick<FinishPorts, "journal" | "spool" | "log"> & { readonly teller: JobEventSender },
  outcome: JobOutcome,
): Promise<boolean> {
  const told = await teller.over(outcome);
  if (told) await emptySpool(journal, spool);
  else {
    log.error({}, "not everybody could be told of the job's end; the events stay in the spool");
    await keepSpool(journal, spool);
  }
  return told;
}

/** Leaves everything as it is, to be recovered. */
export async function keepSpool(journal: JobJournal, spool: Spool): Promise<void> {
  try {
    await journal.close();
  } finally {
    await spool.close();
  }
}

/** What became of the files that are not stored, for the person who reads how the job ended. */
export async function whatIsLeft(spool: Spool): Promise<string> {
  const names = await spool.names();
  if (names.includes(JOURNAL_FILE)) return "the spool is kept, and can be recovered";
  return "its spool folder was deleted, so nothing more can be recovered";
}

/**
 * A finished file is not in the spool any more: somebody has deleted it. The recording is finished without it.
 *
 * @returns whether that is so, and the recording can do without the file
 */
export async function noteLost(
  { journal, spool, log }: Omit<FinishPorts, "uploader" | "storage">,
  name: string,
): Promise<boolean> {
  if ((await spool.names()).includes(name) || !isDispensable(name)) return false;
  log.error({ file: name }, "a finished file was deleted from the spool before it was stored");
  journal.note({ type: "lost", name, reason: `${name} was deleted from the spool before it was stored` });
  return true;
}

/** Audio and attachments: the logs are made again by a recovery. */
function isDispensable(name: string): boolean {
  return name.endsWith(".ogg") || name.startsWith("attachments/");
}

/**
 * The call was never joined: leaves nothing, so that the same job can be started again. Events of an earlier process
 * that nobody has accepted stay.
 */
export async function leaveNoTrace(journal: JobJournal, spool: Spool): Promise<void> {
  await journal.close();
  await spool.remove(JOURNAL_FILE);
  await spool.close();
}

/**
 * Nothing is left to do for this job: removes its files, the journal last, because the others mean nothing without
 * it, while it alone says that the job is over.
 */
export async function emptySpool(journal: JobJournal, spool: Spool): Promise<void> {
  journal.note({ type: "delivered" });
  await journal.close();
  for (const name of await spool.names()) if (name !== JOURNAL_FILE) await spool.remove(name);
  await spool.remove(JOURNAL_FILE);
  await spool.close();
}

/** Says that the storage has a file, and frees the local copy where nothing else needs it. */
export async function noteStored({ journal, spool, log }: Omit<FinishPorts, "uploader" | "storage">, name: string) {
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
