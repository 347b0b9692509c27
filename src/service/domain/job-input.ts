import type { JobEvent } from "../../session/job-events.ts";
import type { EndRequest, JobRow, WorkerTask } from "./job-row.ts";
import type { ServiceEvent } from "./service-events.ts";

/** What can happen to a job. `at` is epoch milliseconds. */
export type JobInput =
  /** A scheduled job's time has come. */
  | { readonly type: "due"; readonly at: number }
  /** Nobody started the job in time. */
  | { readonly type: "missed"; readonly at: number; readonly detail: string }
  /** A worker will be started as the next attempt. */
  | { readonly type: "claimed"; readonly at: number; readonly task: WorkerTask; readonly controlTokenSealed: string }
  | { readonly type: "launched"; readonly at: number; readonly attempt: number; readonly worker: string }
  /** The service ended between claim and start, and this attempt can no longer start. */
  | { readonly type: "not_started"; readonly at: number; readonly attempt: number }
  | {
      readonly type: "worker_event";
      readonly at: number;
      /** The attempt whose ingest token came with the event. */
      readonly attempt: number;
      readonly event: JobEvent;
    }
  | { readonly type: "end_asked"; readonly at: number; readonly how: EndRequest }
  /** The worker's process runs, and has given no sign of life for a while. */
  | { readonly type: "silent"; readonly at: number; readonly attempt: number }
  /** The worker's deadline has passed, so the launcher is asked to end it. */
  | { readonly type: "stopping"; readonly at: number }
  | {
      readonly type: "worker_gone";
      readonly at: number;
      readonly attempt: number;
      /** How it ended, as a clause such as "exit code 2". */
      readonly how: string;
      readonly remains: Remains;
    };

/**
 * What a worker that is gone has left on its machine: `recorded` if a recovery has files to store or job events to
 * deliver, `unjoined` if the spool holds no recording.
 */
export type Remains = "nothing" | "unjoined" | "recorded";

export type TimerKind = "join" | "late" | "dispatch" | "silence" | "stop" | "recover" | "retention";

export interface TimerChange {
  readonly kind: TimerKind;
  /** Epoch milliseconds; null removes the timer. */
  readonly dueAt: number | null;
}

/** The rows to write for an input, all in one transaction. */
export interface JobChange {
  readonly patch: Partial<JobRow>;
  readonly timers: readonly TimerChange[];
  /** The service's own events. The store passes a worker's event on unchanged. */
  readonly events: readonly ServiceEvent[];
  /** Whether the customer gets the worker's event too. */
  readonly passOn: boolean;
}
