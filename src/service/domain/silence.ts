import { isLive, type JobRow } from "./job-row.ts";

/**
 * A worker whose process is there can hang. Its event loop shows life all the time: it touches the lock of its spool
 * every 2 s, answers over its control port, and sends job events. If nothing of that comes, nobody records.
 */

/** Without a sign of life for this long, the worker is asked over its control port. */
const ASKED_AFTER_MS = 10_000;

/** Without one for this long, the worker is silent: that is logged and counted. A busy machine may cause it. */
const SILENT_AFTER_MS = 30_000;

/** Without one for this long, the worker is ended. Until then its call may continue: a frozen process can be woken. */
export const SILENCE_LIMIT_MS = 120_000;

/** From the moment at which a worker counts as silent to its end. */
export const SILENT_DEADLINE_MS = SILENCE_LIMIT_MS - SILENT_AFTER_MS;

/** What to do about a worker without a sign of life for this long. */
export function afterQuiet(quietMs: number): "wait" | "ask" | "silent" {
  if (quietMs < ASKED_AFTER_MS) return "wait";
  return quietMs < SILENT_AFTER_MS ? "ask" : "silent";
}

/**
 * Whether the job's worker must show life now. Before its first event it has the dispatch deadline, and after the job's
 * end and while it is being stopped the stop deadline. A recovery has neither.
 */
export function mustShowLife({
  status,
  task,
  worker,
  stopLevel,
}: Pick<JobRow, "status" | "task" | "worker" | "stopLevel">): boolean {
  if (worker === null || stopLevel > 0) return false;
  return task === "recover" || (isLive(status) && status !== "queued");
}

/** Whether the worker is being ended because it was silent. In a call, nothing else ends it unless somebody asks. */
export function isEndedAsSilent(
  job: Pick<JobRow, "status" | "stopLevel" | "ending" | "dispatchFailed" | "attempt" | "abandonedAttempt">,
): boolean {
  const isInCall = isLive(job.status) && job.status !== "queued" && job.status !== "finalizing";
  return isInCall && job.stopLevel > 0 && job.ending === null && !job.dispatchFailed;
}
