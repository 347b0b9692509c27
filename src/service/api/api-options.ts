import type { Log } from "../../log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Recordings, SessionEvents } from "../ports/recordings.ts";
import type { ResidentState } from "../ports/resident-state.ts";
import type { Sealer, Store } from "../ports/store.ts";
import type { Work } from "../ports/work.ts";
import type { WorkerControl } from "../ports/workers.ts";
import type { SandboxFixture } from "./jobs/accept-job.ts";

/** What the API needs. */
export interface ApiOptions {
  readonly store: Store;
  readonly work: Work;
  readonly control: WorkerControl;
  readonly recordings: Recordings;
  readonly sessionEvents: SessionEvents;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
  /** Random bytes for keys and nonces. */
  readonly random: (bytes: number) => Uint8Array;
  /** Recorded calls for test keys; the first one is the default. */
  readonly fixtures: readonly SandboxFixture[];
  /** @returns why an address cannot be a webhook's; undefined if it can */
  readonly webhookProblem: (url: string) => string | undefined;
  /** How long recordings are kept; null if forever. */
  readonly retentionMs: number | null;
  /** The disk of the data folder. */
  readonly disk: () => Promise<{ readonly databaseBytes: number; readonly freeBytes: number }>;
  /** The service's own login in Discord; undefined if it has none. */
  readonly resident?: { readonly state: () => ResidentState } | undefined;
  /** How customers reach the service, without a slash at the end. */
  readonly publicUrl: () => string;
}
