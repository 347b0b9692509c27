import type { JobEventOf } from "../../session/job-events.ts";
import { change, ended } from "./changes.ts";
import { DISPATCH_DEADLINE_MS, FINALIZE_DEADLINE_MS, STOP_DEADLINE_MS } from "./deadlines.ts";
import type { JobChange, JobInput } from "./job-input.ts";
import { isOver, type JobRow, type JobStatus } from "./job-row.ts";
import { isRetried } from "./retry.ts";
import { jobFailed, statusChanged, statusFailed } from "./service-events.ts";

type StatusEvent = JobEventOf<"job.status_changed">;

/** A status with a lower rank than the job's is refused. In the call (rank 3) a worker may change between statuses. */
const RANKS: Readonly<Record<JobStatus, number>> = {
  scheduled: 0,
  queued: 1,
  joining: 2,
  in_call: 3,
  recording: 3,
  finalizing: 4,
  completed: 5,
  failed: 5,
  cancelled: 5,
};

/** How a job event from a worker changes its job; undefined if the job's state forbids it. */
export function afterWorkerEvent(
  job: JobRow,
  { at, attempt, event }: JobInput & { type: "worker_event" },
): JobChange | undefined {
  if (job.status === "scheduled" || attempt !== job.attempt) return undefined;
  // The job is started again, so customers do not get this failure.
  if (attempt <= job.abandonedAttempt) return change({}, { passOn: false });
  switch (event.event) {
    case "job.status_changed":
      return afterStatus(job, event, at);
    case "job.finalized":
      return change({
        manifestUri: event.manifestUri,
        startedAt: Date.parse(event.startedAt),
        endedAt: Date.parse(event.endedAt),
        durationSeconds: event.durationSeconds,
        billed: event.billed,
        exitReason: event.exitReason,
      });
    case "job.failed":
      // A job that ended otherwise keeps its end, whatever a recovery makes of what is left.
      if (isOver(job.status) && job.status !== "failed") return undefined;
      return change({
        failureCode: event.failure_code,
        failureDetail: event.failure_detail,
        durationSeconds: event.durationSeconds,
        billed: event.billed,
        ...(event.manifestUri === undefined ? {} : { manifestUri: event.manifestUri }),
      });
    case "bot.usage_recorded":
      return change({ billed: event.billed });
    case "bot.competing_bot_detected":
    case "bot.recording_permission_response":
      return change({});
  }
}

function afterStatus(job: JobRow, event: StatusEvent, at: number): JobChange | undefined {
  const { status, paused } = event;
  if (!isForward(job, event)) return undefined;
  if (status === "failed" && event.failure_code !== undefined && isRetried(job, event.failure_code)) {
    return again(job, at);
  }
  if (status === "cancelled" && job.dispatchFailed && job.ending === null) return tooLate(job, at);
  const patch: Partial<JobRow> = {
    status,
    paused,
    stopped: status === "in_call" && event.previousStatus === "recording",
    ...(status === "recording" && job.startedAt === null ? { startedAt: at } : {}),
    ...(event.exitReason === undefined ? {} : { exitReason: event.exitReason }),
    ...(event.exitDetail === undefined ? {} : { exitDetail: event.exitDetail }),
    ...(event.failure_code === undefined ? {} : { failureCode: event.failure_code }),
    ...(event.failure_detail === undefined ? {} : { failureDetail: event.failure_detail }),
  };
  const heard = { kind: "dispatch", dueAt: null } as const;
  if (isOver(status))
    return change(ended(at, patch), { timers: [heard, { kind: "stop", dueAt: at + FINALIZE_DEADLINE_MS }] });
  if (status !== "finalizing") return change(patch, { timers: [heard] });
  return change(patch, { timers: [heard, { kind: "stop", dueAt: at + FINALIZE_DEADLINE_MS }] });
}

/** The job waits for its next worker, and this one has to end first. */
function again(job: JobRow, at: number): JobChange {
  return change(
    { status: "queued", retries: job.retries + 1, abandonedAttempt: job.attempt },
    {
      timers: [
        { kind: "dispatch", dueAt: null },
        { kind: "stop", dueAt: at + STOP_DEADLINE_MS },
      ],
      events: [statusChanged(job, "queued")],
      passOn: false,
    },
  );
}

/** The service ended the worker because its first event did not come in time. Nobody asked for the end. */
function tooLate(job: JobRow, at: number): JobChange {
  const code = "dispatch_timeout";
  if (isRetried(job, code)) return again(job, at);
  const detail = `the worker was ended because it had sent no job event in ${DISPATCH_DEADLINE_MS / 1_000} s`;
  const patch = {
    status: "failed",
    failureCode: code,
    failureDetail: detail,
    durationSeconds: 0,
    billed: false,
  } as const;
  const events = [statusFailed(job, code, detail), jobFailed(job, code, detail)];
  return change(ended(at, patch), {
    timers: [{ kind: "stop", dueAt: at + FINALIZE_DEADLINE_MS }],
    events,
    passOn: false,
  });
}

function isForward(job: JobRow, { status, paused }: StatusEvent): boolean {
  if (isOver(job.status)) return false;
  const step = RANKS[status] - RANKS[job.status];
  if (step !== 0) return step > 0;
  return RANKS[status] === RANKS.recording && (status !== job.status || paused !== job.paused);
}
