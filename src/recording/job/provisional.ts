import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { PROVISIONAL_FILE } from "../../session/job-files.ts";
import type { SessionClock } from "../call/session-clock.ts";
import type { Spool } from "../ports/spool.ts";
import type { Storage } from "../ports/storage.ts";
import type { JobJournal } from "./job-journal.ts";
import { buildProvisionalManifest } from "./manifest-builder.ts";

/** How often a provisional manifest is stored. */
const EVERY_MS = 60_000;

export interface ProvisionalOptions {
  readonly journal: JobJournal;
  readonly spool: Spool;
  readonly storage: Storage;
  readonly clock: SessionClock;
  readonly log: Log;
}

/**
 * Keeps a provisional manifest in the storage while the recording runs, so that the stored files can be understood
 * even if the machine and its spool are lost for good. A failed upload is not retried: the next manifest is newer.
 */
export class Provisional {
  readonly #options: ProvisionalOptions;
  readonly #abort = new AbortController();
  #dueMs = EVERY_MS;
  #storing: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(options: ProvisionalOptions) {
    this.#options = options;
  }

  /** Call at least once a second; `prepare` brings the journal's counters up to date. */
  tick(prepare: () => void): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs < this.#dueMs || this.#busy) return;
    this.#dueMs = nowMs + EVERY_MS;
    this.#busy = true;
    prepare();
    this.#storing = this.#store(nowMs).finally(() => {
      this.#busy = false;
    });
  }

  /** Stops. No upload is running when this resolves. */
  close(): Promise<void> {
    this.#abort.abort();
    return this.#storing;
  }

  async #store(nowMs: number): Promise<void> {
    const { journal, spool, storage, log } = this.#options;
    try {
      const manifest = buildProvisionalManifest(journal.record, nowMs, (name) => storage.uriOf(name));
      const file = await spool.write(PROVISIONAL_FILE, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, "utf8"));
      await storage.put(file, "application/json", { signal: this.#abort.signal });
    } catch (error) {
      log.debug({ err: error }, `${PROVISIONAL_FILE} was not stored: ${messageOf(error)}`);
    }
  }
}
