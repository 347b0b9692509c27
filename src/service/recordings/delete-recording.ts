import PQueue from "p-queue";
import type { Log } from "../../log.ts";
import { isOver, type JobRow } from "../domain/job-row.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobStore } from "../ports/jobs.ts";
import type { Recordings } from "../ports/recordings.ts";

interface DeletionPorts {
  readonly store: Pick<JobStore, "job" | "markDeleted">;
  readonly recordings: Pick<Recordings, "remove">;
  readonly clock: Clock;
}

/** Whether no worker can still write the job's files. */
export function isDeletable({ status, claimedAt }: JobRow): boolean {
  return isOver(status) && claimedAt === null;
}

/**
 * Deletes a recording and notes it. The files come first, so after a crash between the two the deletion is tried again.
 *
 * @returns undefined if somebody else deleted it at the same time, and has noted it
 * @throws StorageUnavailableError if something is left; nothing is noted then
 */
export async function deleteRecording(
  job: JobRow,
  { store, recordings, clock }: DeletionPorts,
): Promise<{ readonly files: number; readonly deletedAt: number } | undefined> {
  const files = await recordings.remove(job);
  const deletedAt = clock.now();
  return (await store.markDeleted(job.id, files, deletedAt)) ? { files, deletedAt } : undefined;
}

const AT_ONCE = 2;

/** Deletes recordings whose retention is over. It works outside the tick, so a storage that hangs blocks no tick. */
export class ExpiredRecordings {
  readonly #ports: DeletionPorts & { readonly log: Log };
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  readonly #waiting = new Set<string>();

  constructor(ports: DeletionPorts & { readonly log: Log }) {
    this.#ports = ports;
  }

  /** Queues a deletion. The caller repeats this until the recording is deleted. */
  expire(jobId: string): void {
    if (this.#waiting.has(jobId)) return;
    this.#waiting.add(jobId);
    void this.#queue.add(() => this.#delete(jobId)).finally(() => this.#waiting.delete(jobId));
  }

  /** Resolves when no deletion is running. The next service asks again for those that wait. */
  async stop(): Promise<void> {
    this.#queue.clear();
    await this.#queue.onIdle();
  }

  async #delete(jobId: string): Promise<void> {
    const { store, log } = this.#ports;
    try {
      const job = await store.job(jobId);
      if (job === undefined || job.deletedAt !== null || !isDeletable(job)) return;
      const deleted = await deleteRecording(job, this.#ports);
      if (deleted !== undefined)
        log.info({ jobId, files: deleted.files }, "a recording was deleted: its retention is over");
    } catch (error) {
      log.error(
        { err: error, jobId },
        "a recording whose retention is over could not be deleted; the service retries in 10 minutes",
      );
    }
  }
}
