import type { FailureCode } from "../../errors.ts";
import type { ExitReason } from "../../session/exit.ts";
import type { JobState } from "../../session/state.ts";

/** The worker's states, and `scheduled`: a job that waits for its time. */
export type JobStatus = "scheduled" | JobState["status"];

/** `test` jobs play a recorded call on a loopback. */
export type KeyMode = "live" | "test";

/** The worker's codes, and those of failures that only the service sees. */
export type ServiceFailureCode = FailureCode | "dispatch_timeout";

/** What happens to a job that could not be started in time: it joins late within its window, or it fails. */
export type LatePolicy = "join" | "skip";

/** How somebody asked for a job's end: `cancel` deletes the job, `leave` ends its call as usual. */
export type EndRequest = "cancel" | "leave";

/** Why a worker process was started: to record the call, or to finish what an earlier process left in the spool. */
export type WorkerTask = "record" | "recover";

/** A job's row in the database. Times are epoch milliseconds. Sealed texts can be opened only with the service's key. */
export interface JobRow {
  /** `job_` and a ULID. */
  readonly id: string;
  readonly consumerId: string;
  readonly keyId: string;
  readonly mode: KeyMode;
  /** The customer's own id; a consumer has at most one job with it in each mode. */
  readonly externalId: string | null;
  /** The request as JSON, as it was accepted: without the bot token and without the webhooks' addresses. */
  readonly requestJson: string;
  /** The worker's settings without secrets, as a JSON object of environment variables. */
  readonly settingsJson: string;
  readonly status: JobStatus;
  /** True only with the status `recording`. */
  readonly paused: boolean;
  /** Recording was stopped and the bot stays in the channel: true with status `in_call` only. */
  readonly stopped: boolean;
  readonly guildId: string;
  readonly channelId: string;
  readonly textChannelId: string | null;
  /** The bot's user id, from the first part of its token. */
  readonly botId: string;
  /** Null from the job's end on. */
  readonly tokenSealed: string | null;
  /** The addresses of the webhooks as sealed JSON, of the type `Webhooks`. */
  readonly webhooksSealed: string | null;
  readonly hasStatusHook: boolean;
  readonly hasFinalizeHook: boolean;
  /** Both webhooks have the same address, so their events share one order. */
  readonly sharesHook: boolean;
  /** Null for the service's own storage. */
  readonly storageUri: string | null;
  /** When to join the call. By default the time of the request. */
  readonly joinAt: number;
  readonly late: LatePolicy;
  readonly lateWindowMs: number;
  /** How many workers were started for the job, including recoveries. Events of lower numbers are refused (a fence). */
  readonly attempt: number;
  /** How often recording was started again because a worker failed before it recorded anything. */
  readonly retries: number;
  /** How often recovery was started since the last worker that recorded. */
  readonly recoveries: number;
  /** Events of attempts up to this one are ignored, because the job is started again. 0 for none. */
  readonly abandonedAttempt: number;
  /** When the newest attempt was claimed; null while no worker can be running. */
  readonly claimedAt: number | null;
  readonly task: WorkerTask | null;
  /** Whether the newest worker was ended because its first event did not come in time. */
  readonly dispatchFailed: boolean;
  /** The launcher's handle as JSON. Null with a claim means that the service ended between claim and start. */
  readonly worker: string | null;
  /** When the worker was last seen alive. */
  readonly workerSeenAt: number | null;
  /** When the launcher first found no trace of the worker; null if the last probe found it. */
  readonly untrackedSince: number | null;
  readonly controlTokenSealed: string | null;
  /** The end that somebody asked for. The row keeps it when the job is over; see `endingOf`. */
  readonly ending: EndRequest | null;
  /** The last step to stop the worker: 0 asked, 1 SIGTERM, 2 SIGKILL. */
  readonly stopLevel: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly exitReason: ExitReason | null;
  readonly exitDetail: string | null;
  readonly failureCode: ServiceFailureCode | null;
  readonly failureDetail: string | null;
  readonly manifestUri: string | null;
  /** Recorded seconds; null until the job's end. */
  readonly durationSeconds: number | null;
  readonly billed: boolean | null;
  /** Warnings in the answer to the request, as a JSON array of texts. */
  readonly warningsJson: string;
  /** When the recording is deleted; null for never. */
  readonly retentionUntil: number | null;
  /** When the recording was deleted. */
  readonly deletedAt: number | null;
}

/** What `webhooksSealed` holds. */
export interface Webhooks {
  readonly onStatus?: string;
  readonly onFinalize?: string;
}

const OVER: ReadonlySet<JobStatus> = new Set(["completed", "failed", "cancelled"]);

/** Whether this status is final. */
export function isOver(status: JobStatus): boolean {
  return OVER.has(status);
}

/** The end that is being waited for; null if nobody asked for one, or the job is over. */
export function endingOf({ status, ending }: Pick<JobRow, "status" | "ending">): EndRequest | null {
  return isOver(status) ? null : ending;
}

/** Whether the job takes a place: a bot has at most one such job in a server, and a key at most its `maxConcurrent`. */
export function isLive(status: JobStatus): boolean {
  return status !== "scheduled" && !isOver(status);
}
