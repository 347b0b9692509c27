import { recoveryPauseMs } from "./backoff.ts";
import { change, ended } from "./changes.ts";
import type { JobChange, JobInput, TimerChange } from "./job-input.ts";
import { isOver, type JobRow } from "./job-row.ts";
import { missedAgainFrom } from "./late.ts";
import { isRetried } from "./retry.ts";
import { jobFailed, statusChanged, statusFailed } from "./service-events.ts";
import { isEndedAsSilent, SILENCE_LIMIT_MS } from "./silence.ts";

export const NO_WORKER: Partial<JobRow> = {
  claimedAt: null,
  worker: null,
  untrackedSince: null,
  controlTokenSealed: null,
  stopLevel: 0,
};

export const NO_DEADLINES: readonly TimerChange[] = [
  { kind: "dispatch", dueAt: null },
  { kind: "silence", dueAt: null },
  { kind: "stop", dueAt: null },
];

/** How a job changes when its worker is known to be gone. */
export function afterGone(job: JobRow, { at, how, remains }: JobInput & { type: "worker_gone" }): JobChange {
  if (remains === "recorded") return recoverLater(job, at, how);
  if (isOver(job.status)) return change(NO_WORKER, { timers: NO_DEADLINES });
  if (job.ending !== null && job.startedAt === null) {
    const patch = { status: "cancelled", exitReason: "cancelled", exitDetail: `the worker has ended: ${how}` } as const;
    return over(at, patch, [statusChanged(job, "cancelled")]);
  }
  // Its failure has arrived already, and the job waits for its next worker.
  if (job.abandonedAttempt === job.attempt) return change(NO_WORKER, { timers: waitingAgain(job, at) });
  const code = job.dispatchFailed ? "dispatch_timeout" : "internal_error";
  if (isRetried(job, code)) {
    return change(
      { ...NO_WORKER, status: "queued", retries: job.retries + 1, abandonedAttempt: job.attempt },
      { timers: waitingAgain(job, at), events: job.status === "queued" ? [] : [statusChanged(job, "queued")] },
    );
  }
  return fail(job, at, code, unreported(job, how));
}

function unreported(job: JobRow, how: string): string {
  return isEndedAsSilent(job)
    ? `the worker gave no sign of life for ${SILENCE_LIMIT_MS / 1_000} s, and was ended (${how})`
    : `the worker ended before it sent the end of the job: ${how}`;
}

/** A job that waits for its next worker waits no longer than for its first one. */
function waitingAgain(job: JobRow, at: number): readonly TimerChange[] {
  return [...NO_DEADLINES, { kind: "late", dueAt: missedAgainFrom(job, at) }];
}

function recoverLater(job: JobRow, at: number, how: string): JobChange {
  const pauseMs = recoveryPauseMs(job.recoveries);
  if (pauseMs !== undefined) {
    return change(
      { ...NO_WORKER, recoveries: job.recoveries + 1 },
      { timers: [...NO_DEADLINES, { kind: "recover", dueAt: at + pauseMs }] },
    );
  }
  if (isOver(job.status)) return change(NO_WORKER, { timers: NO_DEADLINES });
  const detail = `the recording could not be finished after ${job.recoveries} recoveries; its files stay in the job's spool folder (${how})`;
  return fail(job, at, "internal_error", detail);
}

function fail(
  job: JobRow,
  at: number,
  failureCode: "dispatch_timeout" | "internal_error",
  failureDetail: string,
): JobChange {
  const patch = { status: "failed", failureCode, failureDetail, durationSeconds: 0, billed: false } as const;
  return over(at, patch, [statusFailed(job, failureCode, failureDetail), jobFailed(job, failureCode, failureDetail)]);
}

function over(at: number, patch: Partial<JobRow>, events: JobChange["events"]): JobChange {
  return change(
    { ...NO_WORKER, ...ended(at, patch) },
    { timers: [...NO_DEADLINES, { kind: "late", dueAt: null }], events },
  );
}
