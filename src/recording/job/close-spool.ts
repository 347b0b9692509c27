import { JOURNAL_FILE } from "../../session/job-files.ts";
import type { Spool } from "../ports/spool.ts";
import type { JobJournal } from "./job-journal.ts";

/** Leaves everything as it is, to be recovered. */
export async function keepSpool(journal: JobJournal, spool: Spool): Promise<void> {
  try {
    await journal.close();
  } finally {
    await spool.close();
  }
}

/** What became of the files that are not stored, for the person who reads how the job ended. */
export async function leftInSpool(spool: Spool): Promise<string> {
  const names = await spool.names();
  if (names.includes(JOURNAL_FILE)) return "the spool is kept, and can be recovered";
  return "its spool folder was deleted, so nothing more can be recovered";
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
 * Removes the files of a job that has nothing left to do. The journal goes last: the other files mean nothing without it,
 * and only the journal says that the job is over.
 */
export async function emptySpool(journal: JobJournal, spool: Spool): Promise<void> {
  journal.note({ type: "delivered" });
  await journal.close();
  for (const name of await spool.names()) if (name !== JOURNAL_FILE) await spool.remove(name);
  await spool.remove(JOURNAL_FILE);
  await spool.close();
}
