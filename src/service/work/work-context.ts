import type { Log } from "../../log.ts";
import type { Envelope } from "../../session/job-events.ts";
import type { JobRow } from "../domain/job-row.ts";
import type { Clock } from "../ports/clock.ts";
import type { Sealer, Store } from "../ports/store.ts";
import type { EnvironmentSource, Launcher, WorkerControl } from "../ports/workers.ts";

/** What dispatcher, supervisor and timers share. */
export interface WorkContext {
  readonly store: Store;
  readonly launcher: Launcher;
  readonly control: WorkerControl;
  readonly environments: EnvironmentSource;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
  readonly workers: WorkerOptions;
  /**
   * The last events of a job that its storage has a manifest of, with the ids that its worker gave them.
   *
   * @returns none without a manifest
   * @throws StorageUnavailableError
   */
  readonly storedEnd: (job: JobRow) => Promise<readonly Envelope[]>;
  /** Deletes a recording whose retention is over, and marks it as deleted. */
  readonly expireRecording: (jobId: string) => Promise<void>;
}

/** What all workers of the service have in common. */
export interface WorkerOptions {
  readonly maxWorkers: number;
  /** Where workers send their job events, such as `http://127.0.0.1:8080/api/v1/ingest`. The same after a restart. */
  readonly ingestUrl: string;
  /** The storage of jobs that have none of their own. */
  readonly storageUri: string;
  /** Settings of each worker, such as the endpoint of a bucket. */
  readonly environment: Readonly<Record<string, string>>;
  /** Settings that are secrets, such as the bucket's credentials. */
  readonly secrets: Readonly<Record<string, string>>;
}
