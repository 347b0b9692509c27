import type { JobRow } from "../../../src/service/domain/job-row.ts";
import type { JobEvent, JobEventOf } from "../../../src/session/job-events.ts";

export const AT = Date.parse("2026-05-09T14:00:00.000Z");

/** A queued job without a worker. */
export function jobRow(changes: Partial<JobRow> = {}): JobRow {
  return {
    id: "job_01HX9N8K0000000000000000AB",
    consumerId: "con_1",
    keyId: "key_1",
    mode: "live",
    externalId: "standup",
    requestJson: "{}",
    settingsJson: "{}",
    status: "queued",
    paused: false,
    stopped: false,
    guildId: "81384788765712384",
    channelId: "381870553235193857",
    textChannelId: null,
    botId: "100000000000000001",
    tokenSealed: "sealed",
    webhooksSealed: null,
    hasStatusHook: true,
    hasFinalizeHook: true,
    sharesHook: false,
    storageUri: null,
    joinAt: AT,
    late: "join",
    lateWindowMs: 600_000,
    attempt: 0,
    retries: 0,
    recoveries: 0,
    abandonedAttempt: 0,
    claimedAt: null,
    task: null,
    dispatchFailed: false,
    worker: null,
    workerSeenAt: null,
    untrackedSince: null,
    controlTokenSealed: null,
    ending: null,
    stopLevel: 0,
    createdAt: AT,
    updatedAt: AT,
    startedAt: null,
    endedAt: null,
    exitReason: null,
    exitDetail: null,
    failureCode: null,
    failureDetail: null,
    manifestUri: null,
    durationSeconds: null,
    billed: null,
    warningsJson: "[]",
    retentionUntil: null,
    deletedAt: null,
    ...changes,
  };
}

/** A job whose first worker runs. */
export function runningJob(changes: Partial<JobRow> = {}): JobRow {
  return jobRow({
    attempt: 1,
    claimedAt: AT,
    task: "record",
    worker: "{}",
    controlTokenSealed: "sealed",
    status: "joining",
    ...changes,
  });
}

type Status = JobEventOf<"job.status_changed">["status"];

export function statusEvent(
  status: Status,
  fields: Partial<JobEventOf<"job.status_changed">> = {},
): JobEventOf<"job.status_changed"> {
  return { event: "job.status_changed", ...NAMED, status, previousStatus: "queued", paused: false, ...fields };
}

export function failedStatus(code: NonNullable<JobEventOf<"job.status_changed">["failure_code"]>) {
  return statusEvent("failed", { failure_code: code, failure_detail: "why", failure_reason: "why", error: "why" });
}

export const FINALIZED: JobEvent = {
  event: "job.finalized",
  jobId: "job_01HX9N8K0000000000000000AB",
  externalId: "standup",
  metadata: { discord: { guildId: "81384788765712384", channelId: "381870553235193857", textChannelId: null } },
  status: "completed",
  exitReason: "alone_in_room",
  startedAt: "2026-05-09T14:00:01.000Z",
  endedAt: "2026-05-09T14:10:01.000Z",
  durationSeconds: 600,
  manifestUri: "file:///recordings/job/manifest.json",
  billed: true,
};

const NAMED = {
  jobId: FINALIZED.jobId,
  externalId: FINALIZED.externalId,
  metadata: FINALIZED.metadata,
};
