import type { Envelope } from "../../session/job-events.ts";
import type { TimerKind } from "../domain/job-input.ts";
import type { EndRequest, JobRow, JobStatus, WorkerTask } from "../domain/job-row.ts";
import type { ControlAnswer } from "./workers.ts";

/** The result of an event that a worker sent. */
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

/** What is stored of a new attempt. */
export interface Claim {
  readonly at: number;
  readonly task: WorkerTask;
  readonly ingestTokenHash: string;
  readonly controlTokenSealed: string;
}

/** The queries of the scheduler. */
export interface WorkStore {
  /** @param tokenHash SHA-256 in hex of the worker's ingest token */
  ingest(tokenHash: string, envelope: Envelope, at: number): Promise<Ingested>;
  /** An event that an attempt's worker cannot send any more, with the id that it had there. */
  report(jobId: string, attempt: number, envelope: Envelope, at: number): Promise<Ingested>;
  dueTimers(at: number, limit: number): Promise<readonly Timer[]>;
  setTimer(jobId: string, kind: TimerKind, dueAt: number | null): Promise<void>;
  /** Makes all waiting recoveries due now. */
  makeRecoveriesDue(at: number): Promise<void>;
  /**
   * Jobs that can be started, by `joinAt`: queued, without a worker, and within their key's `maxConcurrent`.
   *
   * @param exceptBots bots whose new jobs wait; those that are started again do not
   */
  startable(limit: number, exceptBots?: readonly string[]): Promise<readonly JobRow[]>;
  /** Claims the next attempt of a job; undefined if another process has it, or the job must not be started now. */
  claim(jobId: string, claim: Claim): Promise<JobRow | undefined>;
  /** The same for many jobs in one transaction: each commit waits for the disk. */
  claimMany(claims: ReadonlyMap<string, Claim>): Promise<readonly JobRow[]>;
  /** Jobs with a claimed attempt: their workers may be running. */
  claimed(): Promise<readonly JobRow[]>;
  /** How many jobs have a claimed attempt, and how many of them are recoveries. */
  countClaimed(): Promise<{ readonly workers: number; readonly recoveries: number }>;
  /** Gives each worker that has not reported yet until then, and forgets for how long workers have been silent. */
  renewDeadlines(dispatchDueAt: number): Promise<void>;
  noteSeen(
    jobId: string,
    attempt: number,
    seen: { readonly seenAt?: number; readonly untrackedSince: number | null },
  ): Promise<void>;
  countByStatus(): Promise<Readonly<Partial<Record<JobStatus, number>>>>;
  /** Removes expired logins and sessions, the counts of a bot's logins after a day, and answers that are too old to be repeated. */
  forgetOld(at: number): Promise<void>;
  ping(): Promise<void>;
}

/** The result of a request to end a job. */
export type EndAnswer =
  /** The job is over, because no worker was running. */
  | { readonly kind: "over"; readonly job: JobRow }
  /** The request is noted, and the job ends when its worker does. `answer` is the worker's, if it came in time. */
  | { readonly kind: "asked"; readonly job: JobRow; readonly answer: ControlAnswer | undefined }
  | { readonly kind: "refused"; readonly job: JobRow }
  | { readonly kind: "not_found" };

export interface WorkHealth {
  /** When the last tick was done; null before the first one. */
  readonly lastTickAt: number | null;
  readonly maxWorkers: number;
  readonly workers: number;
  /** Processes that wait for a job. Each takes the memory of a free slot. */
  readonly waiting: number;
  /** Workers whose processes run and give no sign of life. */
  readonly silent: number;
  /** When the look at a worker began that has taken longest and is not done; null if none runs. */
  readonly lookingSince: number | null;
}

/** The scheduler, as the API uses it. */
export interface Work {
  /** Call when a job was created or changed: the next tick comes at once. */
  wake(): void;
  /** Asks for a job's end, and tries to pass it to the worker once. */
  end(jobId: string, how: EndRequest): Promise<EndAnswer>;
  ingest(token: string, envelope: Envelope): Promise<Ingested>;
  health(): WorkHealth;
}
