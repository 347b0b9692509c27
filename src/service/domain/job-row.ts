import type { FailureCode } from "../../errors.ts";
import type { ExitReason } from "../../session/exit.ts";
import type { JobState } from "../../session/state.ts";

/** The worker's states, and the one before them: a job that waits for its time. */
export type JobStatus = "scheduled" | JobState["status"];

/** `test` jobs play a recorded call on a loopback. */
export type KeyMode = "live" | "test";

/** The worker's codes, and those of failures that only the service sees. */
export type ServiceFailureCode = FailureCode | "dispatch_timeout";

/** What happens to a job whose time has passed while nobody could start it: join within the window, or never late. */
export type LatePolicy = "join" | "skip";

/** How somebody asked for a job's end: `cancel` deletes the job, `leave` ends its call as usual. */
export type EndRequest = "cancel" | "leave";

/** Why a worker process was started: to record the call, or to finish what an earlier process left in the spool. */
export type WorkerTask = "record" | "recover";

/** A job as the store keeps it. Times are epoch milliseconds; sealed texts can be opened only with the service's key. */
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
  /** The worker's settings that are no secrets, as a JSON object of environment variables. */
  readonly settingsJson: string;
  readonly status: JobStatus;
  /** True with status `recording` only. */
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
  /** Both webhooks have one address, so that their events keep one order. */
  readonly sharesHook: boolean;
  /** Null for the service's own storage. */
  readonly storageUri: string | null;
  /** When the call is to be joined; the time of the request if no other was given. */
  readonly joinAt: number;
  readonly late: LatePolicy;
  readonly lateWindowMs: number;
  /** How many workers were started for the job, those for recovery among them. The number is the fence of the newest. */
  readonly attempt: number;
  /** How often recording was started again because a worker failed before it recorded anything. */
  readonly retries: number;
  /** How often recovery was started since the last worker that recorded. */
  readonly recoveries: number;
  /** Events of this attempt and of earlier ones are ignored, because the job is started again. 0 for none. */
  readonly abandonedAttempt: number;
  /** When the newest attempt was claimed; null while no worker can be running. */
  readonly claimedAt: number | null;
  readonly task: WorkerTask | null;
  /** Whether the newest worker was too late with its first event, and was ended for it. */
  readonly dispatchFailed: boolean;
  /** The launcher's handle as JSON. Null with a claim means that the service ended between claim and start. */
  readonly worker: string | null;
  /** When the worker was last seen alive. */
  readonly workerSeenAt: number | null;
  /** Since when the launcher has no trace of the worker, without a break. */
  readonly untrackedSince: number | null;
  readonly controlTokenSealed: string | null;
  readonly ending: EndRequest | null;
  /** How far stopping the worker has gone: 0 asked, 1 SIGTERM, 2 SIGKILL. */
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
  /** What the answer to the request warned of, as a JSON array of texts. */
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

/** Whether nothing can follow. */
export function isOver(status: JobStatus): boolean {
  return OVER.has(status);
}

/** Whether the job takes a place: a bot has at most one such job in a server, and a key at most its `maxConcurrent`. */
export function isLive(status: JobStatus): boolean {
  return status !== "scheduled" && !isOver(status);
}
