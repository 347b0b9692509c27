import type { JobRow } from "../../domain/job-row.ts";
import { workerObstacle } from "../../domain/verbs.ts";
import {
  type ControlAnswer,
  type ControlRequest,
  type WorkerControl,
  WorkerUnreachableError,
} from "../../ports/workers.ts";
import { ServiceError } from "../service-error.ts";

/** Discord itself may take seconds to post a message. */
const VERB_DEADLINE_MS = 10_000;

/** The statuses of a worker that customers may see. Others, such as 401, mean that another process answered. */
const PASSED_BACK: ReadonlySet<number> = new Set([200, 202, 400, 409, 413, 415, 502]);

/**
 * Passes a request on to the worker of a job.
 *
 * @throws ServiceError if the job has no worker, or its worker does not answer
 */
export async function askWorker(
  control: WorkerControl,
  job: JobRow,
  request: Pick<ControlRequest, "path" | "body" | "idempotencyKey">,
): Promise<ControlAnswer> {
  const obstacle = workerObstacle(job);
  if (obstacle !== null) throw new ServiceError("wrong_state", obstacle);
  const answer = await control
    .send(job, { method: "POST", ...request, timeoutMs: VERB_DEADLINE_MS })
    .catch((error: unknown) => {
      if (!(error instanceof WorkerUnreachableError)) throw error;
      throw new ServiceError("worker_unreachable", error.message);
    });
  if (PASSED_BACK.has(answer.status)) return answer;
  throw new ServiceError(
    "worker_unreachable",
    `the job's worker refused the request with HTTP status ${answer.status}`,
  );
}
