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

/** The result of a start that nobody waited for. */
export type FoundWorker =
  | { readonly kind: "found"; readonly worker: WorkerHandle }
  /** It has not begun, and never can any more. */
  | { readonly kind: "never" }
  /** It has begun, and its process cannot be named yet. */
  | { readonly kind: "starting" };

/** Starts workers, and knows whether they are alive. */
export interface Launcher {
  /** @throws Error if the worker could not be started */
  start(spec: WorkerSpec): Promise<WorkerHandle>;
  /** How many workers wait for a job, with everything loaded. */
  readonly waiting: number;
  /** Keeps workers ready for jobs, at most as many as there are slots without a worker. Returns at once. */
  prepare(freeSlots: number): void;
  /** Ends workers that wait for a job. Those that have one continue. */
  close(): Promise<void>;
  /**
   * Looks for the worker of a claim without a handle: an earlier service may have ended between claim and start. It does
   * not wait.
   */
  find(jobId: string, attempt: number): Promise<FoundWorker>;
  inspect(jobId: string, handle: WorkerHandle): Promise<Verdict>;
  /**
   * Something that changes every few seconds while the worker works, and stays the same if its process is frozen or hangs.
   * Undefined if there is nothing such.
   */
  pulse(jobId: string): Promise<string | undefined>;
  /** Sends the signal and does not wait. */
  stop(jobId: string, handle: WorkerHandle, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Where the worker takes control requests, such as `http://127.0.0.1:4711`; undefined before it listens. */
  controlAddress(jobId: string): Promise<string | undefined>;
  /**
   * Some bytes of a file in the job's spool, which the worker may still be writing.
   *
   * @param first position of the first byte
   * @returns undefined if there is no such file
   */
  readSpooled(jobId: string, name: string, first: number, maxBytes: number): Promise<Buffer | undefined>;
  /** What an attempt's worker has noted of its logins: lines of JSON. Empty if there is nothing yet. */
  loginNotes(jobId: string, attempt: number): Promise<string>;
  remains(jobId: string): Promise<Remains>;
  /** Keeps the log small, and removes secrets that the worker has read. */
  maintain(jobId: string): Promise<void>;
  /** Removes the files of a worker that is gone; with `everything` its spool too. The log stays. */
  cleanUp(jobId: string, everything: boolean): Promise<void>;
}

export interface ControlRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** The rest of the path after `/api/v1/jobs/{id}`: empty, or for example `/pause-recording`. */
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

/** Variables that a worker needs besides its settings: none for a live job, a loopback's addresses for a sandbox job. */
export interface EnvironmentSource {
  /** Called before each start of a worker that records. For a sandbox job it starts a new loopback. */
  environmentFor(job: JobRow): Promise<{
    readonly environment: Readonly<Record<string, string>>;
    /** Replaces the job's own token. */
    readonly botToken?: string;
  }>;
  /** Call when the job is over and its worker is gone. */
  release(jobId: string): Promise<void>;
}
