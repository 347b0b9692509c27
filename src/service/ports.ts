import type { Readable } from "node:stream";
import type { Envelope } from "../session/job-events.ts";
import type { RecordingFiles } from "../session/recording-files.ts";
import type { JobInput, Remains, TimerKind } from "./domain/job-input.ts";
import type { EndRequest, JobRow, JobStatus, KeyMode, LatePolicy, WorkerTask } from "./domain/job-row.ts";
import type { ServiceEvent } from "./domain/service-events.ts";
import type { Verdict } from "./domain/verdict.ts";

/**
 * What the parts of the service need of each other and of the outside. Times are epoch milliseconds, durations have
 * their unit in the name. A store that cannot answer throws `StoreUnavailableError`, which the API answers with 503.
 */

export interface Clock {
  now(): number;
}

/** The database does not answer. It is never the caller's fault. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}

/** Whose jobs: a key sees all jobs of its consumer in its own mode. */
export interface Owner {
  readonly consumerId: string;
  readonly mode: KeyMode;
}

export interface KeyRow extends Owner {
  readonly id: string;
  /** `operator` keys may also ask for the host's state. */
  readonly role: "customer" | "operator";
  readonly name: string;
  /** SHA-256 in hex. */
  readonly hash: string;
  readonly shownPrefix: string;
  /** Live jobs at the same time; 0 is none. */
  readonly maxConcurrent: number;
  readonly webhookSecretSealed: string;
  /** Valid next to the newer one until then. */
  readonly oldWebhookSecretSealed: string | null;
  readonly oldWebhookSecretUntil: number | null;
  readonly storageUri: string | null;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

export interface KeyStore {
  addConsumer(consumer: { readonly id: string; readonly name: string; readonly createdAt: number }): Promise<void>;
  consumer(id: string): Promise<{ readonly id: string; readonly name: string; readonly createdAt: number } | undefined>;
  consumers(): Promise<readonly { readonly id: string; readonly name: string; readonly createdAt: number }[]>;
  addKey(key: KeyRow): Promise<void>;
  /** Revoked keys too: the caller decides what they may. */
  keyByHash(hash: string): Promise<KeyRow | undefined>;
  key(id: string): Promise<KeyRow | undefined>;
  keys(): Promise<readonly KeyRow[]>;
  /** @returns false if there is no such key; revoking it again changes nothing */
  revokeKey(id: string, at: number): Promise<boolean>;
  /** The secret that was valid stays so until `oldUntil`. */
  rotateWebhookSecret(id: string, newSealed: string, oldUntil: number): Promise<boolean>;
}

/** What the caller decides of a job. */
export interface NewJob extends Owner {
  /** From `newJobId`. */
  readonly id: string;
  readonly keyId: string;
  readonly externalId: string | null;
  readonly requestJson: string;
  readonly settingsJson: string;
  readonly guildId: string;
  readonly channelId: string;
  readonly textChannelId: string | null;
  readonly botId: string;
  readonly tokenSealed: string;
  /** Null without webhooks. */
  readonly webhooksSealed: string | null;
  readonly hasStatusHook: boolean;
  readonly hasFinalizeHook: boolean;
  readonly sharesHook: boolean;
  readonly storageUri: string | null;
  /** Null to join at once. A time in the past counts as late. */
  readonly joinAt: number | null;
  readonly late: LatePolicy;
  readonly lateWindowMs: number;
  readonly warningsJson: string;
  readonly retentionUntil: number | null;
}

/** A request that was answered before is answered with the same bytes for 24 hours. */
export interface IdempotencyKey {
  readonly key: string;
  /** SHA-256 of method, path and body. */
  readonly requestHash: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

/** What the transaction of a creation has decided. */
export type Creation =
  | { readonly kind: "created"; readonly job: JobRow; readonly answer: StoredAnswer }
  /** The consumer has a job with this `externalId`. */
  | { readonly kind: "existing"; readonly job: JobRow; readonly answer: StoredAnswer }
  /** The same `Idempotency-Key` and the same request. */
  | { readonly kind: "replayed"; readonly answer: StoredAnswer }
  /** The same `Idempotency-Key` with another request. */
  | { readonly kind: "key_conflict" }
  | { readonly kind: "over_quota"; readonly maxConcurrent: number }
  /** The bot has a live job in this server. */
  | { readonly kind: "bot_busy"; readonly jobId: string };

export interface JobFilter {
  readonly status?: JobStatus;
  readonly externalId?: string;
  readonly createdAfter?: number;
  /** Only jobs whose manifest is stored, and whose recording is not deleted. */
  readonly recorded?: boolean;
}

/** Newest first. The cursor is opaque. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** What `PATCH` may change until the job is dispatched. */
export type ScheduledChange = Partial<
  Pick<NewJob, "requestJson" | "settingsJson" | "late" | "lateWindowMs" | "warningsJson"> & { readonly joinAt: number }
>;

/** What became of an input. */
export type Applied =
  | { readonly kind: "applied"; readonly job: JobRow }
  /** The job's state forbids it, and nothing changed. */
  | { readonly kind: "refused"; readonly job: JobRow }
  /** Another live job has the bot in this server. */
  | { readonly kind: "bot_busy"; readonly job: JobRow; readonly by: string }
  | { readonly kind: "not_found" };

export interface StoredEvent {
  /** Rises over all jobs; what `Last-Event-ID` holds. */
  readonly seq: number;
  readonly jobId: string;
  /** The delivery id. */
  readonly eventId: string;
  readonly type: ServiceEvent["event"];
  readonly emittedAt: number;
  readonly dataJson: string;
}

export interface JobStore {
  createJob(
    job: NewJob,
    options: {
      readonly at: number;
      readonly idempotency?: IdempotencyKey;
      /** Made in the transaction, so that a repetition gets the same bytes. */
      readonly answerOf: (job: JobRow, isNew: boolean) => StoredAnswer;
    },
  ): Promise<Creation>;
  /** Without an owner only for the service itself. */
  job(id: string, owner?: Owner): Promise<JobRow | undefined>;
  jobs(
    owner: Owner,
    filter: JobFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<JobRow>>;
  /** @returns "dispatched" if the job is not `scheduled` any more */
  changeScheduled(id: string, change: ScheduledChange, at: number): Promise<JobRow | "dispatched" | undefined>;
  /** Applies an input in one transaction with its events, deliveries and timers. */
  applyJobEvent(id: string, input: Exclude<JobInput, { type: "reported" | "claimed" }>): Promise<Applied>;
  /** Events after `seq`, in order. */
  eventsAfter(jobId: string, seq: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Called after each commit that changed a job. @returns a function that ends it */
  onJobChange(listener: (jobId: string) => void): () => void;
  /** Recorded seconds of jobs that ended in the time, newest first. */
  usage(owner: Owner, from: number, to: number): Promise<readonly UsageRow[]>;
  /** Notes that a recording is deleted, and emits the event for it. */
  markDeleted(jobId: string, files: number, at: number): Promise<boolean>;
}

export interface UsageRow {
  readonly jobId: string;
  readonly externalId: string | null;
  readonly endedAt: number;
  readonly seconds: number;
  readonly billed: boolean;
}

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

export type DeliveryState = "pending" | "delivered" | "dead";

export interface DeliveryRow {
  /** `dlv_` and 26 characters; the same as the event's id. */
  readonly id: string;
  readonly jobId: string;
  /** The order within the job. */
  readonly seq: number;
  readonly event: ServiceEvent["event"];
  /** Which of the job's webhooks it is for. */
  readonly kind: "status" | "finalize";
  readonly dataJson: string;
  readonly emittedAt: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAt: number;
  /** When it was due first, or was resent: what the limit of 24 hours counts from. */
  readonly dueSince: number;
}

export interface DeliveryAttempt {
  readonly deliveryId: string;
  readonly number: number;
  readonly at: number;
  /** HTTP status; null without an answer. */
  readonly status: number | null;
  readonly latencyMs: number;
  readonly error: string | null;
}

/** A claimed delivery with what sending it needs. */
export interface ClaimedDelivery extends DeliveryRow {
  readonly job: JobRow;
  readonly key: KeyRow;
}

/** The one ledger of events that customers get. */
export interface DeliveryStore {
  /** Leases due deliveries; the next for an address only when the one of the job before it is delivered or dead. */
  claimDeliveries(options: {
    readonly at: number;
    readonly leaseMs: number;
    readonly by: string;
    readonly limit: number;
    /** Keys whose deliveries are left for later. */
    readonly exceptKeys?: readonly string[];
  }): Promise<readonly ClaimedDelivery[]>;
  /**
   * Notes an attempt and ends the lease. `nextAt` undefined makes a dead letter of an attempt that failed.
   *
   * @param by who has the lease; if somebody else has it by now, nothing is noted
   */
  noteAttempt(
    attempt: DeliveryAttempt,
    outcome: { readonly state: "delivered" } | { readonly state: "failed"; readonly nextAt: number | undefined },
    by: string,
  ): Promise<void>;
  deliveries(jobId: string, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<DeliveryRow>>;
  delivery(id: string): Promise<DeliveryRow | undefined>;
  attempts(deliveryId: string): Promise<readonly DeliveryAttempt[]>;
  /** Due at once, whatever its state; attempts are counted on. @returns false if there is none */
  resend(deliveryId: string, at: number): Promise<boolean>;
  /** Since when the oldest delivery that could be sent waits for a sender; undefined if none does. */
  oldestDue(at: number): Promise<number | undefined>;
}

/** One login of the command line, by the device flow. */
export interface CliAuthRow {
  readonly nonceHash: string;
  readonly userCode: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** The new key, sealed, from its completion until it is fetched. */
  readonly keySealed: string | null;
}

export interface CliAuthStore {
  addCliAuth(row: CliAuthRow): Promise<void>;
  /** @returns false if no login waits with this code */
  completeCliAuth(userCode: string, keySealed: string, at: number): Promise<boolean>;
  /** Gives the key once: the row is gone with it. */
  takeCliAuth(nonceHash: string, at: number): Promise<CliAuthRow | undefined>;
}

export interface Store extends KeyStore, JobStore, WorkStore, DeliveryStore, CliAuthStore {
  close(): Promise<void>;
}

/** Seals secrets for the store. What is sealed for one purpose cannot be opened for another. */
export interface Sealer {
  seal(text: string, purpose: string): string;
  /** @throws Error if the key is not there, or the text was changed */
  open(sealed: string, purpose: string): string;
}

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

export interface RecordingFile {
  /** In the recording's folder, such as `manifest.json` or `attachments/1-a.png`. */
  readonly name: string;
  readonly bytes: number;
  readonly mimeType: string;
  /** As the manifest has it. */
  readonly sha256: string | null;
  readonly uri: string;
  /** Another one means other bytes: for HTTP, without its quotes. */
  readonly etag: string;
  /** For a bucket; null if only the service can read the file. */
  readonly presigned: { readonly url: string; readonly expiresAt: number } | null;
}

export interface StoredRecording {
  /** As it is stored. */
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly files: readonly RecordingFile[];
}

/** One job's place in a folder or a bucket, to read from and to delete. Names are below the job's own prefix. */
export interface RecordingStorage extends RecordingFiles {
  uriOf(name: string): string;
  /** Everything that is there, whatever it is. A version changes if the bytes do. */
  list(): Promise<readonly { readonly name: string; readonly bytes: number; readonly version: string }[]>;
  stream(name: string, range?: { readonly first: number; readonly last: number }): Promise<Readable>;
  /** Undefined if only the service can read the file. */
  presigned(
    name: string,
    as: { readonly mimeType: string; readonly disposition: string },
    at: number,
  ): Promise<{ readonly url: string; readonly expiresAt: number } | undefined>;
  /** @returns how many objects there were */
  removeAll(): Promise<number>;
}

/** The storage of a recording does not answer, or refuses the service. */
export class StorageUnavailableError extends Error {
  override readonly name = "StorageUnavailableError";
}

/** The files of recordings, wherever they are. */
export interface Recordings {
  /**
   * @returns undefined if there is no manifest
   * @throws StorageUnavailableError
   */
  open(job: JobRow): Promise<StoredRecording | undefined>;
  /**
   * Reads a file, or some of its bytes. The caller destroys the stream if nobody wants the rest.
   *
   * @param range first and last byte, both included; only within the file
   * @throws StorageUnavailableError
   */
  read(job: JobRow, file: RecordingFile, range?: { readonly first: number; readonly last: number }): Promise<Readable>;
  /**
   * Deletes every object of the recording, and what a worker left of it on this machine, and looks for it again.
   *
   * @returns how many objects there were
   * @throws StorageUnavailableError
   */
  remove(job: JobRow): Promise<number>;
  /**
   * A page of the recording, made now: one at a time.
   *
   * @returns "busy" if another one is being made; undefined if there is no manifest
   * @throws StorageUnavailableError
   */
  report(job: JobRow): Promise<{ readonly page: Readable; readonly bytes: number } | "busy" | undefined>;
}
