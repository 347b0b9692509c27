import type { Envelope } from "../../session/job-events.ts";
import type { TimerKind } from "../domain/job-input.ts";
import type { EndRequest, JobRow, JobStatus, WorkerTask } from "../domain/job-row.ts";
import type { ControlAnswer } from "./workers.ts";

/** What became of an event that a worker sent. */
export type Ingested =
  | { readonly kind: "applied" }
  /** It came before. */
  | { readonly kind: "repeated" }
  /** The job's state forbids it. It is accepted, because sending it again would not help. */
  | { readonly kind: "ignored" }
  /** A newer attempt has the job: the worker must end. */
  | { readonly kind: "stale" }
  /** No attempt has this token. */
  | { readonly kind: "unknown_token" };

export interface Timer {
  readonly jobId: string;
  readonly kind: TimerKind;
  readonly dueAt: number;
}

/** For the scheduler. */
export interface WorkStore {
  /** @param tokenHash SHA-256 in hex of the worker's ingest token */
  ingest(tokenHash: string, envelope: Envelope, at: number): Promise<Ingested>;
  dueTimers(at: number, limit: number): Promise<readonly Timer[]>;
  setTimer(jobId: string, kind: TimerKind, dueAt: number | null): Promise<void>;
  /** Makes all recoveries that wait due now. */
  hurryRecoveries(at: number): Promise<void>;
  /** Jobs that can be started, by `joinAt`: queued, without a worker, and within their key's `maxConcurrent`. */
  startable(limit: number): Promise<readonly JobRow[]>;
  /** Claims the next attempt of a job; undefined if somebody else has, or the job is not to be started any more. */
  claim(
    jobId: string,
    claim: {
      readonly at: number;
      readonly task: WorkerTask;
      readonly ingestTokenHash: string;
      readonly controlTokenSealed: string;
    },
  ): Promise<JobRow | undefined>;
  /** Jobs with a claimed attempt: their workers may be running. */
  claimed(): Promise<readonly JobRow[]>;
  noteSeen(
    jobId: string,
    attempt: number,
    seen: { readonly seenAt?: number; readonly untrackedSince: number | null },
  ): Promise<void>;
  countByStatus(): Promise<Readonly<Partial<Record<JobStatus, number>>>>;
  /** Removes answers and logins that are too old to be asked for. */
  forgetOld(at: number): Promise<void>;
  ping(): Promise<void>;
}

/** What asking for a job's end has come to. */
export type EndAnswer =
  /** No worker ran: the job is over. */
  | { readonly kind: "over"; readonly job: JobRow }
  /** The end is noted and will be confirmed; `answer` is the worker's, if it gave one in time. */
  | { readonly kind: "asked"; readonly job: JobRow; readonly answer: ControlAnswer | undefined }
  | { readonly kind: "refused"; readonly job: JobRow }
  | { readonly kind: "not_found" };

export interface WorkHealth {
  /** When the last tick was done; null before the first one. */
  readonly lastTickAt: number | null;
  readonly maxWorkers: number;
  readonly workers: number;
}

/** The scheduler, for the API. */
export interface Work {
  /** A job was created or changed: the next tick comes at once. */
  wake(): void;
  /** Asks for a job's end, and tries to pass it to the worker once. */
  end(jobId: string, how: EndRequest): Promise<EndAnswer>;
  ingest(token: string, envelope: Envelope): Promise<Ingested>;
  health(): WorkHealth;
}
