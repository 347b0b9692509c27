import { EVENTS_FILE } from "../../session/job-files.ts";
import type { JobRow } from "../domain/job-row.ts";
import { type RecordingStorage, type SessionEvents, StorageUnavailableError } from "../ports/recordings.ts";
import type { Launcher } from "../ports/workers.ts";

export interface SessionEventsOptions {
  /** Opens the place of a job's recording, without asking it anything. */
  readonly storageOf: (job: JobRow) => Promise<RecordingStorage>;
  readonly launcher: Pick<Launcher, "readSpooled">;
}

/** Reads `events.jsonl` where it is. Its bytes are the same in the spool and in the storage, so a position stays valid. */
export class StoredSessionEvents implements SessionEvents {
  readonly #options: SessionEventsOptions;

  constructor(options: SessionEventsOptions) {
    this.#options = options;
  }

  async read(job: JobRow, first: number, maxBytes: number): Promise<Buffer> {
    if (job.deletedAt !== null) return Buffer.alloc(0);
    const spooled = await this.#options.launcher.readSpooled(job.id, EVENTS_FILE, first, maxBytes);
    if (spooled !== undefined) return spooled;
    if (job.manifestUri === null) return Buffer.alloc(0);
    try {
      return await this.#stored(job, first, maxBytes);
    } catch (error) {
      throw new StorageUnavailableError("the recording's storage does not answer, or refuses access", { cause: error });
    }
  }

  async #stored(job: JobRow, first: number, maxBytes: number): Promise<Buffer> {
    const storage = await this.#options.storageOf(job);
    const { bytes = 0 } = (await storage.stat(EVENTS_FILE)) ?? {};
    if (first >= bytes) return Buffer.alloc(0);
    const last = Math.min(bytes, first + maxBytes) - 1;
    const chunks: Buffer[] = [];
    for await (const chunk of await storage.stream(EVENTS_FILE, { first, last })) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}
