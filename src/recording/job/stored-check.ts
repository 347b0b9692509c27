import { withDeadline } from "../../deadline.ts";
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { AUDIO_TYPE } from "../../session/job-files.ts";
import type { Clock } from "../ports/clock.ts";
import type { Spool } from "../ports/spool.ts";
import type { Storage } from "../ports/storage.ts";
import type { JobJournal } from "./job-journal.ts";
import { noteMissing, WAS_DELETED } from "./stored-files.ts";
import { StoredQuestions } from "./stored-questions.ts";
import type { Uploader } from "./uploader.ts";

/** All questions together, so that they leave most of the grace to the manifest and the last job events. */
const CHECK_LIMIT_MS = 10_000;
/** Each question to a hung disk blocks one of Node's four threads, and the spool needs those too. */
const CONCURRENCY = 2;

export interface StoredCheckPorts {
  readonly journal: JobJournal;
  readonly spool: Spool;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  readonly uploader: Pick<Uploader, "add">;
}

/**
 * Asks the storage at the end of a call whether it still has what it took during the call. A file that was deleted
 * meanwhile is stored again if the spool has it. Otherwise the recording is finished without it, as a recovery does.
 * What the storage does not answer in time counts as stored.
 *
 * @param stop ends the questions
 */
export async function checkStored(ports: StoredCheckPorts, stop: AbortSignal): Promise<void> {
  const { clock, log } = ports;
  try {
    await withDeadline((signal) => askAll(ports, signal), {
      ...{ what: "the storage", limitMs: CHECK_LIMIT_MS },
      ...{ clock, stop },
    });
  } catch (error) {
    // The manifest goes to the same place, so a folder or bucket that is gone ends the job with exit code 5.
    log.warn({ err: error }, `not all stored files were looked for in the storage: ${messageOf(error)}`);
  }
}

async function askAll({ journal, spool, storage, log, uploader }: StoredCheckPorts, stop: AbortSignal): Promise<void> {
  const { record } = journal;
  const questions = new StoredQuestions({ storage, log });
  const parts = record.parts.map(({ file }) => ({ ...file, contentType: AUDIO_TYPE }));
  const stored = [...parts, ...record.files.values()].filter(({ name }) => record.stored.has(name)).values();
  const askInTurn = async (): Promise<void> => {
    for (const file of stored) {
      const isGone = await questions.isGone(file.name);
      const found = isGone ? await spool.find(file.name) : undefined;
      if (stop.aborted) return;
      if (!isGone) continue;
      record.stored.delete(file.name);
      if (found?.sha256 === file.sha256) uploader.add(found, file.contentType);
      else noteMissing({ journal, log }, file, WAS_DELETED);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, askInTurn));
}
