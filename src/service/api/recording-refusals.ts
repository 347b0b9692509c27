import { isOver, type JobRow } from "../domain/job-row.ts";
import { StorageUnavailableError } from "../ports/recordings.ts";
import { isoTime } from "./jobs/job-answer.ts";
import { ServiceError } from "./service-error.ts";

const RETRY_SECONDS = 5;

/** @throws ServiceError if the recording was deleted */
export function refuseDeleted(job: JobRow): void {
  if (job.deletedAt === null) return;
  throw new ServiceError("recording_deleted", `the recording was deleted at ${isoTime(job.deletedAt)}`);
}

/** @throws ServiceError if nothing is stored */
export function found<Found>(job: JobRow, recording: Found | undefined): Found {
  if (recording !== undefined) return recording;
  const yet = isOver(job.status) ? "" : ` yet: it is ${job.status}`;
  throw new ServiceError("not_found", `job ${job.id} has no recording${yet}`);
}

/** @throws ServiceError that asks for a retry if the storage does not answer */
export async function orUnavailable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof StorageUnavailableError)) throw error;
    throw new ServiceError("storage_unavailable", error.message, { retryAfterSeconds: RETRY_SECONDS });
  }
}
