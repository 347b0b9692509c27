import { request } from "undici";
import { messageOf } from "../../errors.ts";
import type { JobRow } from "../domain/job-row.ts";
import { sealPurpose } from "../domain/seal-purpose.ts";
import type { Sealer } from "../ports/store.ts";
import {
  type ControlAnswer,
  type ControlRequest,
  type Launcher,
  type WorkerControl,
  WorkerUnreachableError,
} from "../ports/workers.ts";

/** Enough for a job with hundreds of participants. */
const MAX_ANSWER_BYTES = 4_000_000;

/** Sends control requests to a worker's HTTP port. The launcher knows its address. */
export class HttpWorkerControl implements WorkerControl {
  readonly #launcher: Pick<Launcher, "controlAddress">;
  readonly #sealer: Sealer;

  constructor(launcher: Pick<Launcher, "controlAddress">, sealer: Sealer) {
    this.#launcher = launcher;
    this.#sealer = sealer;
  }

  async send(job: JobRow, { method, path, body, idempotencyKey, timeoutMs }: ControlRequest): Promise<ControlAnswer> {
    const address = await this.#launcher.controlAddress(job.id);
    if (address === undefined || job.controlTokenSealed === null) {
      throw new WorkerUnreachableError("the worker does not listen yet, or has ended");
    }
    const token = this.#tokenOf(job.id, job.controlTokenSealed);
    try {
      const answer = await request(`${address}/api/v1/jobs/${encodeURIComponent(job.id)}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        // The limit covers the whole exchange, also an answer that comes byte by byte.
        signal: AbortSignal.timeout(timeoutMs),
      });
      const contentType = answer.headers["content-type"];
      return {
        status: answer.statusCode,
        contentType: typeof contentType === "string" ? contentType : null,
        body: await readBounded(answer.body),
      };
    } catch (error) {
      throw new WorkerUnreachableError(`the worker does not answer: ${messageOf(error)}`, { cause: error });
    }
  }

  /** After a change of the sealing key without the earlier one, running workers cannot be asked. They continue to record. */
  #tokenOf(jobId: string, sealed: string): string {
    try {
      return this.#sealer.open(sealed, sealPurpose.controlToken(jobId));
    } catch (error) {
      throw new WorkerUnreachableError(`the worker's control token cannot be opened: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`it answers with more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
