import { afterGone, NO_DEADLINES, NO_WORKER } from "./after-gone.ts";
import { change, ended } from "./changes.ts";
import { DISPATCH_DEADLINE_MS, KILL_AFTER_MS, STOP_DEADLINE_MS } from "./deadlines.ts";
import type { JobChange, JobInput } from "./job-input.ts";
import { isOver, type JobRow } from "./job-row.ts";
import { missedAgainFrom, missedFrom } from "./late.ts";
import { jobFailed, statusChanged, statusFailed } from "./service-events.ts";
import { mustShowLife, SILENT_DEADLINE_MS } from "./silence.ts";
import { afterWorkerEvent } from "./worker-event.ts";

/**
 * How an input changes a job. This function makes all changes of state. A job that is over keeps its status, but its
 * worker may still send the manifest and end.
 *
 * @returns undefined if the job's state forbids the input: nothing changes then
 */
export function nextJob(job: JobRow, input: JobInput): JobChange | undefined {
  switch (input.type) {
    case "due":
      if (job.status !== "scheduled") return undefined;
      return change(
        { status: "queued" },
        { timers: [{ kind: "join", dueAt: null }], events: [statusChanged(job, "queued")] },
      );
    case "missed":
      return job.claimedAt === null && job.startedAt === null ? failed(job, input.at, input.detail) : undefined;
    case "claimed":
      return claimed(job, input);
    case "launched":
      if (job.claimedAt === null || job.worker !== null || job.attempt !== input.attempt) return undefined;
      return change({ worker: input.worker, workerSeenAt: input.at });
    case "not_started":
      return notStarted(job, input);
    case "worker_event":
      return afterWorkerEvent(job, input);
    case "end_asked":
      return endAsked(job, input);
    case "silent":
      if (job.attempt !== input.attempt || !mustShowLife(job)) return undefined;
      return change({}, { timers: [{ kind: "silence", dueAt: input.at + SILENT_DEADLINE_MS }] });
    case "stopping":
      return stopping(job, input.at);
    case "worker_gone":
      return job.claimedAt === null || job.attempt !== input.attempt ? undefined : afterGone(job, input);
  }
}

function failed(job: JobRow, at: number, detail: string): JobChange | undefined {
  if (job.status !== "scheduled" && job.status !== "queued") return undefined;
  const code = "dispatch_timeout";
  return change(
    ended(at, { status: "failed", failureCode: code, failureDetail: detail, durationSeconds: 0, billed: false }),
    {
      timers: [
        { kind: "join", dueAt: null },
        { kind: "late", dueAt: null },
      ],
      events: [statusFailed(job, code, detail), jobFailed(job, code, detail)],
    },
  );
}

/** A job that is over may still need a recovery, if its worker could not deliver all its events. */
function claimed(job: JobRow, { at, task, controlTokenSealed }: JobInput & { type: "claimed" }): JobChange | undefined {
  if (job.claimedAt !== null) return undefined;
  const records = task === "record";
  if (records ? job.status !== "queued" || job.ending !== null : job.recoveries === 0) return undefined;
  return change(
    {
      attempt: job.attempt + 1,
      claimedAt: at,
      task,
      controlTokenSealed,
      worker: null,
      workerSeenAt: null,
      untrackedSince: null,
      stopLevel: 0,
      dispatchFailed: false,
    },
    {
      timers: [
        { kind: "late", dueAt: null },
        { kind: "recover", dueAt: null },
        { kind: "dispatch", dueAt: records ? at + DISPATCH_DEADLINE_MS : null },
      ],
    },
  );
}

/** The attempt does not count as a retry, and the job waits as before, for as long as it would have. */
function notStarted(job: JobRow, { at, attempt }: JobInput & { type: "not_started" }): JobChange | undefined {
  if (job.claimedAt === null || job.worker !== null || job.attempt !== attempt) return undefined;
  if (job.task === "record" && job.ending !== null) return afterGone(job, { ...NEVER_STARTED, at, attempt });
  if (job.task === "recover") {
    return change(NO_WORKER, { timers: [...NO_DEADLINES, { kind: "recover", dueAt: at }] });
  }
  const lateAt = job.retries === 0 ? missedFrom(job) : missedAgainFrom(job, at);
  return change(
    { ...NO_WORKER, abandonedAttempt: attempt },
    { timers: [...NO_DEADLINES, { kind: "late", dueAt: lateAt }] },
  );
}

const NEVER_STARTED = { type: "worker_gone", how: "it was never started", remains: "nothing" } as const;

function endAsked(job: JobRow, { at, how }: JobInput & { type: "end_asked" }): JobChange | undefined {
  if (isOver(job.status)) return undefined;
  if (job.claimedAt === null && job.startedAt === null && job.recoveries === 0) {
    // No worker runs, so nobody has to confirm the end.
    return change(
      ended(at, {
        status: "cancelled",
        ending: how,
        exitReason: "cancelled",
        exitDetail: "the job was cancelled before it was started",
      }),
      {
        timers: [
          { kind: "join", dueAt: null },
          { kind: "late", dueAt: null },
        ],
        events: [statusChanged(job, "cancelled")],
      },
    );
  }
  if (job.ending === how || job.ending === "cancel") return undefined;
  const waits = job.ending === null && job.status !== "finalizing" && job.claimedAt !== null;
  return change({ ending: how }, { timers: waits ? [{ kind: "stop", dueAt: at + STOP_DEADLINE_MS }] : [] });
}

const SIGKILL_LEVEL = 2;

/** SIGTERM first, then SIGKILL. The timer repeats until the worker is known to be gone. */
function stopping(job: JobRow, at: number): JobChange | undefined {
  if (job.claimedAt === null) return undefined;
  return change(
    {
      stopLevel: Math.min(job.stopLevel + 1, SIGKILL_LEVEL),
      // If the worker has sent no event yet, it is ended because it was too late. A recovery has no such deadline.
      dispatchFailed: job.status === "queued" && job.task === "record",
    },
    {
      timers: [
        { kind: "dispatch", dueAt: null },
        { kind: "silence", dueAt: null },
        { kind: "stop", dueAt: at + KILL_AFTER_MS },
      ],
    },
  );
}
