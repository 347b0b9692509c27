import type { JobEvent } from "../../session/job-events.ts";
import { isOver, type JobRow, type JobStatus, type ServiceFailureCode } from "./job-row.ts";

/** Events of the service itself, about what no worker can know. Their fields are those of the worker's events. */

/** `scheduled` and `dispatch_timeout` are only in the service's own events. */
export interface StatusChanged {
  readonly event: "job.status_changed";
  readonly status: JobStatus;
  readonly previousStatus: JobStatus;
  readonly paused: boolean;
  readonly [field: string]: unknown;
}

export interface JobFailed {
  readonly event: "job.failed";
  readonly status: "failed";
  readonly failure_code: ServiceFailureCode;
  readonly [field: string]: unknown;
}

export interface RecordingDeleted {
  readonly event: "recording.deleted";
  readonly [field: string]: unknown;
}

/** Any event that can be delivered: a worker's, or the service's own. */
export type ServiceEvent = JobEvent | StatusChanged | JobFailed | RecordingDeleted;

type Named = Pick<JobRow, "id" | "externalId" | "guildId" | "channelId" | "textChannelId">;

export function statusChanged(job: Named & Pick<JobRow, "status">, status: JobStatus): StatusChanged {
  return { event: "job.status_changed", ...nameOf(job), status, previousStatus: job.status, paused: false };
}

export function statusFailed(
  job: Named & Pick<JobRow, "status">,
  failureCode: ServiceFailureCode,
  detail: string,
): StatusChanged {
  return { ...statusChanged(job, "failed"), ...failureFields(failureCode, detail) };
}

/** The event `job.failed` for a job without a recording. */
export function jobFailed(job: Named, failureCode: ServiceFailureCode, detail: string): JobFailed {
  return {
    event: "job.failed",
    ...nameOf(job),
    status: "failed",
    ...failureFields(failureCode, detail),
    failure_code: failureCode,
    failureCode,
    durationSeconds: 0,
    billed: false,
  };
}

export function recordingDeleted(job: Named, files: number): RecordingDeleted {
  return { event: "recording.deleted", ...nameOf(job), files };
}

/** The key of an event that a job has at most once, like the worker's `onceKeyOf`. */
export function serviceOnceKey(event: ServiceEvent): string {
  if (event.event !== "job.status_changed") return event.event;
  const status = event.status;
  return isOver(status) ? `job.status_changed ${status}` : `service ${status}`;
}

function nameOf({ id, externalId, guildId, channelId, textChannelId }: Named) {
  return { jobId: id, externalId, metadata: { discord: { guildId, channelId, textChannelId } } };
}

function failureFields(failureCode: ServiceFailureCode, detail: string) {
  return { failure_code: failureCode, failure_detail: detail, failure_reason: detail, error: detail };
}
