import { FAILURES } from "../../session/exit.ts";
import type { JobRow, ServiceFailureCode } from "./job-row.ts";

/** A job is recorded again at most once. */
const MAX_RETRIES = 1;

/**
 * Whether a job whose worker failed is started again. It is, if the failure table says that a retry can help, nothing was
 * recorded, nobody asked for its end, and this is the first retry.
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
    // A recovery sends how an earlier worker ended. Recording again cannot repair that.
    job.task === "record"
  );
}
