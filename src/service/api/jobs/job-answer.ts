import { endingOf, type JobRow } from "../../domain/job-row.ts";
import type { ServiceJob } from "../schemas/job-answer.ts";
import type { KeptRequest } from "./accept-job.ts";

/** A job as answers show it. */
export function jobAnswer(job: JobRow): ServiceJob {
  const kept: KeptRequest = JSON.parse(job.requestJson);
  const { guildId, channelId, textChannelId } = job;
  return {
    ...{ id: job.id, externalId: job.externalId, mode: job.mode, platform: "discord" },
    meetingUrl: `discord://${guildId}/${channelId}`,
    displayName: kept.displayName ?? null,
    ...{ status: job.status, paused: job.paused, stopped: job.stopped, ending: endingOf(job) },
    metadata: { ...kept.metadata, discord: { guildId, channelId, textChannelId } },
    webhooks: { onFinalize: job.hasFinalizeHook, onStatus: job.hasStatusHook },
    autoLeave: kept.autoLeave ?? null,
    leaveBehavior: kept.leaveBehavior ?? null,
    recording: kept.recording ?? null,
    joinAt: isoTime(job.joinAt),
    late: job.late,
    lateWindowSeconds: job.lateWindowMs / 1_000,
    attempt: job.attempt,
    createdAt: isoTime(job.createdAt),
    updatedAt: isoTime(job.updatedAt),
    startedAt: isoTimeOrNull(job.startedAt),
    endedAt: isoTimeOrNull(job.endedAt),
    ...{ durationSeconds: job.durationSeconds, billed: job.billed },
    ...{ exitReason: job.exitReason, exitDetail: job.exitDetail },
    ...{ failure_code: job.failureCode, failureCode: job.failureCode, failure_detail: job.failureDetail },
    manifestUri: job.manifestUri,
    recordingDeletedAt: isoTimeOrNull(job.deletedAt),
    warnings: JSON.parse(job.warningsJson),
  };
}

/** @param at epoch milliseconds */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

export function isoTimeOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}
