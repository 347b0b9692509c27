import { FAILURES } from "../../session/exit.ts";
import type { JobRow, ServiceFailureCode } from "./job-row.ts";

/** A job is recorded again at most once. */
const MAX_RETRIES = 1;

/**
 * Whether a job whose worker failed is started again: only if the same job may succeed without anybody changing
 * anything, nothing was recorded, nobody asked for its end, and it was not started again before.
 */
export function isRetried(
  job: Pick<JobRow, "startedAt" | "ending" | "retries" | "task">,
  failureCode: ServiceFailureCode,
): boolean {
  const retryable = failureCode === "dispatch_timeout" || FAILURES[failureCode].retryable;
  return (
    retryable &&
    job.startedAt === null &&
    job.ending === null &&
    job.retries < MAX_RETRIES &&
    // A recovery reports how an earlier worker ended, and recording again cannot repair it.
    job.task === "record"
  );
}
