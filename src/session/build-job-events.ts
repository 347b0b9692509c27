import type { FailureCode } from "../errors.ts";
import type { JobEvent, JobEventOf } from "./job-events.ts";
import type { Manifest } from "./manifest.ts";
import { type JobState, outcomeOf } from "./state.ts";

/** Builds events from a job's data, with one function for each event. */

/** The fields about the job in every event. */
export interface EventJob {
  readonly jobId: string;
  readonly externalId: string | null;
  readonly guildId: string;
  readonly channelId: string;
  readonly textChannelId: string | null;
}

type Participant = JobEventOf<"bot.competing_bot_detected">["participant"];

/** Recordings shorter than this are not billed. */
const MIN_BILLED_SECONDS = 60;

/** Whole seconds that a job recorded, and whether they count. A call that nobody joined is not billed. */
export function usageOf(recordedMs: number, failureCode: FailureCode | null): { seconds: number; billed: boolean } {
  const seconds = failureCode === "lobby_timeout" ? 0 : Math.floor(recordedMs / 1_000);
  return { seconds, billed: seconds >= MIN_BILLED_SECONDS };
}

/** The time that a customer pays for, which excludes time when recording was paused or stopped. */
export function recordedMsOf({ durationSeconds, gaps }: Manifest): number {
  const withheld = gaps.filter(({ reason }) => reason === "paused" || reason === "stopped");
  return withheld.reduce((left, { startMs, endMs }) => left - (endMs - startMs), durationSeconds * 1_000);
}

export function jobStatusChanged(of: EventJob, previous: JobState, next: JobState): JobEventOf<"job.status_changed"> {
  const end = "end" in next ? next.end : undefined;
  return {
    event: "job.status_changed",
    ...jobData(of),
    status: next.status,
    previousStatus: previous.status,
    paused: next.status === "recording" && next.paused,
    ...(end === undefined ? {} : { exitReason: end.exitReason, exitDetail: end.detail }),
    ...(next.status === "failed" ? failureData(next.failureCode, next.detail) : {}),
  };
}

/**
 * The manifest is stored. The event only names it, because with all its parts it may exceed common limits of receivers.
 */
export function jobFinalized(
  of: EventJob,
  recording: { readonly manifest: Manifest; readonly manifestUri: string; readonly recordedMs: number },
): JobEventOf<"job.finalized"> {
  const { manifest, manifestUri, recordedMs } = recording;
  const { exitReason, failureCode, startedAt, endedAt, durationSeconds } = manifest;
  return {
    event: "job.finalized",
    ...jobData(of),
    status: exitReason === "cancelled" ? "cancelled" : failureCode === null ? "completed" : "failed",
    exitReason,
    startedAt,
    endedAt,
    durationSeconds,
    manifestUri,
    billed: usageOf(recordedMs, failureCode).billed,
  };
}

/** The last events of a job whose manifest is stored: what its worker has sent, or would have. */
export function lastJobEvents(
  of: EventJob,
  recording: { readonly manifest: Manifest; readonly manifestUri: string },
): JobEvent[] {
  const { exitReason, exitDetail, failureCode } = recording.manifest;
  const end = { exitReason, detail: exitDetail, ...(failureCode === null ? {} : { failureCode }) };
  const recordedMs = recordedMsOf(recording.manifest);
  const { manifestUri } = recording;
  const finalizing: JobState = { status: "finalizing", end, recorded: true };
  return [
    jobStatusChanged(of, { status: "recording", paused: false }, finalizing),
    jobStatusChanged(of, finalizing, outcomeOf(end, true)),
    ...(failureCode === null ? [] : [jobFailed(of, { failureCode, detail: exitDetail, recordedMs, manifestUri })]),
    usageRecorded(of, recordedMs, failureCode),
    jobFinalized(of, { ...recording, recordedMs }),
  ];
}

export interface JobFailure {
  readonly failureCode: FailureCode;
  /** One sentence for people. */
  readonly detail: string;
  readonly recordedMs: number;
  /** The manifest of the partial recording, if one is stored. */
  readonly manifestUri?: string | undefined;
}

export function jobFailed(of: EventJob, failure: JobFailure): JobEventOf<"job.failed"> {
  const { failureCode, detail, recordedMs, manifestUri } = failure;
  return {
    event: "job.failed",
    ...jobData(of),
    status: "failed",
    ...failureData(failureCode, detail),
    failureCode,
    durationSeconds: recordedMs / 1_000,
    ...(manifestUri === undefined ? {} : { manifestUri }),
    billed: usageOf(recordedMs, failureCode).billed,
  };
}

export function usageRecorded(
  of: EventJob,
  recordedMs: number,
  failureCode: FailureCode | null,
): JobEventOf<"bot.usage_recorded"> {
  return { event: "bot.usage_recorded", ...jobData(of), job_id: of.jobId, ...usageOf(recordedMs, failureCode) };
}

export function competingBotDetected(
  of: EventJob,
  participant: Participant,
  leftMeeting: boolean,
): JobEventOf<"bot.competing_bot_detected"> {
  return { event: "bot.competing_bot_detected", ...jobData(of), participant: personData(participant), leftMeeting };
}

export function recordingPermissionResponse(
  of: EventJob,
  participant: Participant,
  granted: boolean,
): JobEventOf<"bot.recording_permission_response"> {
  return { event: "bot.recording_permission_response", ...jobData(of), participant: personData(participant), granted };
}

/** Copied field by field, so no other data of the caller's object gets into an event. */
function jobData({ jobId, externalId, guildId, channelId, textChannelId }: EventJob) {
  return { jobId, externalId, metadata: { discord: { guildId, channelId, textChannelId } } };
}

function personData({ id, username, displayName, bot }: Participant): Participant {
  return { id, username, displayName, bot };
}

function failureData(failureCode: FailureCode, detail: string) {
  return { failure_code: failureCode, failure_detail: detail, failure_reason: detail, error: detail };
}
