import type { Remains } from "../domain/job-input.ts";
import type { JobRow, WorkerTask } from "../domain/job-row.ts";
import type { Verdict } from "../domain/verdict.ts";

export interface WorkerSpec {
  readonly jobId: string;
  readonly attempt: number;
  readonly task: WorkerTask;
  /** Environment variables that anybody may read. */
  readonly environment: Readonly<Record<string, string>>;
  /** Settings that are secrets, by their environment names; given to the worker as files. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The launcher's own handle, as JSON text. */
export type WorkerHandle = string;

/** Starts workers where they run, and says what became of them. */
export interface Launcher {
  /** @throws Error if the worker could not be started */
  start(spec: WorkerSpec): Promise<WorkerHandle>;
  /** For a claim without a handle: what a service that ended between claim and start has left. */
  find(jobId: string, attempt: number): Promise<WorkerHandle | undefined>;
  inspect(jobId: string, handle: WorkerHandle): Promise<Verdict>;
  /** Sends the signal and does not wait. */
  stop(jobId: string, handle: WorkerHandle, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Where the worker takes control requests, such as `http://127.0.0.1:4711`; undefined before it listens. */
  controlAddress(jobId: string): Promise<string | undefined>;
  remains(jobId: string): Promise<Remains>;
  /** Bounds logs, and removes secrets that the worker has read. */
  tend(jobId: string): Promise<void>;
  /** Removes what a worker that is gone has left; `everything` also its spool. The log stays. */
  cleanUp(jobId: string, everything: boolean): Promise<void>;
}

export interface ControlRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** After `/api/v1/jobs/{id}`: empty, or such as `/pause-recording`. */
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly timeoutMs: number;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly contentType: string | null;
}

/** The worker has no address yet, refuses the connection, or does not answer in time. */
export class WorkerUnreachableError extends Error {
  override readonly name = "WorkerUnreachableError";
}

export interface WorkerControl {
  /** @throws WorkerUnreachableError */
  send(job: JobRow, request: ControlRequest): Promise<ControlAnswer>;
}

/** What a job's worker needs beyond its settings: nothing for a live job, a loopback's addresses for a sandbox job. */
export interface Surroundings {
  /** Environment variables, made again if need be. Called before each start of a worker that records. */
  environmentFor(job: JobRow): Promise<{
    readonly environment: Readonly<Record<string, string>>;
    /** Instead of the job's own token, if it has to be another. */
    readonly botToken?: string;
  }>;
  /** The job's worker is gone. */
  release(jobId: string): Promise<void>;
}
