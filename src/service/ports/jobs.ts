import type { JobInput } from "../domain/job-input.ts";
import type { JobRow, JobStatus, LatePolicy } from "../domain/job-row.ts";
import type { ServiceEvent } from "../domain/service-events.ts";
import type { Owner } from "./keys.ts";
import type { Page } from "./page.ts";
import type { CallToAdd } from "./resident.ts";

/** The fields of a new job that the caller decides. */
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

/** For 24 hours a repeated request gets the same bytes as the first one. */
export interface IdempotencyKey {
  readonly key: string;
  /** SHA-256 of method, path and body. */
  readonly requestHash: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

/** The result of the transaction that creates a job. */
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
  /** Only jobs that take a place: `isLive`. */
  readonly live?: boolean;
  /** Only jobs whose manifest is stored, and whose recording is not deleted. */
  readonly recorded?: boolean;
}

/** What `PATCH` may change until the job is dispatched. */
export type ScheduledChange = Partial<
  Pick<NewJob, "requestJson" | "settingsJson" | "late" | "lateWindowMs" | "warningsJson" | "retentionUntil"> & {
    readonly joinAt: number;
  }
>;

/** The result of an input. */
export type Applied =
  | { readonly kind: "applied"; readonly job: JobRow }
  /** The job's state forbids it, and nothing changed. */
  | { readonly kind: "refused"; readonly job: JobRow }
  /** Another live job has the bot in this server. */
  | { readonly kind: "bot_busy"; readonly job: JobRow; readonly by: string }
  | { readonly kind: "not_found" };

export interface StoredEvent {
  /** Rises over all jobs. Readers send it as `Last-Event-ID`. */
  readonly seq: number;
  readonly jobId: string;
  /** The delivery id. */
  readonly eventId: string;
  readonly type: ServiceEvent["event"];
  readonly emittedAt: number;
  readonly dataJson: string;
}

export interface CreationOptions {
  readonly at: number;
  readonly idempotency?: IdempotencyKey;
  /** Called inside the transaction, so a repeated request gets the same bytes. */
  readonly answerOf: (job: JobRow, isNew: boolean) => StoredAnswer;
  /** Stored with a new job, in the same transaction. */
  readonly call?: CallToAdd;
}

/** What the service itself finds or decides. */
export type OwnInput = Exclude<JobInput, { type: "worker_event" | "claimed" }>;

export interface JobStore {
  createJob(job: NewJob, options: CreationOptions): Promise<Creation>;
  /**
   * The answer to a repeated request, even if it would no longer be accepted, such as after its `joinAt`.
   *
   * @returns undefined if neither its `Idempotency-Key` nor its `externalId` is known
   */
  repeatedCreation(
    request: Owner & Pick<NewJob, "externalId">,
    options: CreationOptions,
  ): Promise<Creation | undefined>;
  /** Only the service itself may leave out the owner. */
  job(id: string, owner?: Owner): Promise<JobRow | undefined>;
  jobs(
    owner: Owner,
    filter: JobFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<JobRow>>;
  /**
   * @param changeOf called inside the transaction with the job as it is, so that two changes at the same time are both kept.
   *   What it throws is passed on, and nothing changes.
   * @returns "dispatched" if the job is no longer `scheduled`
   */
  changeScheduled(
    id: string,
    changeOf: (job: JobRow) => ScheduledChange,
    at: number,
  ): Promise<JobRow | "dispatched" | undefined>;
  /** Applies an input in one transaction with its events, deliveries and timers. */
  applyJobEvent(id: string, input: OwnInput): Promise<Applied>;
  /** The same for many jobs in one transaction. @returns the result of each, in order */
  applyJobEvents(inputs: readonly { readonly id: string; readonly input: OwnInput }[]): Promise<readonly Applied[]>;
  /** Events after `seq`, in order. */
  eventsAfter(jobId: string, seq: number, limit: number): Promise<readonly StoredEvent[]>;
  /** The listener is called after each commit that changed a job. @returns a function that removes it */
  onJobChange(listener: (jobId: string) => void): () => void;
  /** Recorded seconds of jobs that ended between `from` and `to`, newest first. */
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
