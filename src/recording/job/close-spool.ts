import { JOURNAL_FILE } from "../../session/job-files.ts";
import type { Spool } from "../ports/spool.ts";
import type { JobJournal } from "./job-journal.ts";

/** Keeps everything for a recovery. */
export async function keepSpool(journal: JobJournal, spool: Spool): Promise<void> {
  try {
    await journal.close();
  } finally {
    await spool.close();
  }
}

/** Says where the unstored files are, for the person who reads how the job ended. */
export async function leftInSpool(spool: Spool): Promise<string> {
  const names = await spool.names();
  if (names.includes(JOURNAL_FILE)) return "the spool is kept, and can be recovered";
  return "its spool folder was deleted, so nothing more can be recovered";
}

/**
 * For a call that was never joined: removes everything, so the same job can be started again. Undelivered events of an
 * earlier process are kept.
 */
export async function leaveNoTrace(journal: JobJournal, spool: Spool): Promise<void> {
  await journal.close();
  await spool.remove(JOURNAL_FILE);
  await spool.close();
}

/**
 * Removes the files of a job that is completely done. The journal is removed last, because only the journal explains
 * the other files and says that the job is over.
 */
export async function emptySpool(journal: JobJournal, spool: Spool): Promise<void> {
  journal.note({ type: "delivered" });
  await journal.close();
  for (const name of await spool.names()) if (name !== JOURNAL_FILE) await spool.remove(name);
  await spool.remove(JOURNAL_FILE);
  await spool.close();
}
