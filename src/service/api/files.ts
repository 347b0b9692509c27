import type { FastifyInstance, FastifyReply } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { JobRow } from "../domain/job-row.ts";
import type { Recordings } from "../ports/recordings.ts";
import type { ApiOptions } from "./api-options.ts";
import { jobOf } from "./jobs/jobs.ts";
import { keyOf } from "./keys/auth.ts";
import { RECORD_OPERATIONS } from "./operations/records.ts";
import type { ByteRange } from "./ranges.ts";
import { found, orUnavailable, refuseDeleted } from "./recording-refusals.ts";
import { asDownload, sendFile } from "./send-file.ts";
import { ServiceError } from "./service-error.ts";

const REPORT_RETRY_SECONDS = 5;
/** While a page is being made, no bytes are sent. This is longer than making any page may take. */
const REPORT_IDLE_MS = 660_000;

/** The bytes of recordings. */
export function serveRecordingFiles(scope: FastifyInstance, { store, recordings }: ApiOptions): void {
  const typed = scope.withTypeProvider<ZodTypeProvider>();

  typed.route({
    ...RECORD_OPERATIONS.getFile,
    handler: async (request, reply) => {
      const { id, name } = request.params;
      const job = await jobOf(store, keyOf(request), id);
      refuseDeleted(job);
      const file = job.manifestUri === null ? undefined : await orUnavailable(recordings.file(job, name));
      if (file === undefined) throw new ServiceError("not_found", `recording ${job.id} has no file ${name}`);
      const read = (range?: ByteRange) => orUnavailable(recordings.read(job, file, range));
      return await sendFile(request, reply, { ...file, read });
    },
  });

  typed.route({
    ...RECORD_OPERATIONS.getReport,
    // A HEAD request would make a whole report.
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const job = await jobOf(store, keyOf(request), request.params.id);
      return await sendReport(reply, recordings, job, () => asDownload(reply, `${job.id}.html`));
    },
  });
}

/**
 * Makes the report of a recording, and sends it.
 *
 * @param dress sets the headers that say what a browser may do with it; only called if there is a report
 * @throws ServiceError if there is no recording, or another report is being made
 */
export async function sendReport(
  reply: FastifyReply,
  recordings: Recordings,
  job: JobRow,
  dress: () => void,
): Promise<FastifyReply> {
  refuseDeleted(job);
  const unwanted = new AbortController();
  reply.raw.once("close", () => unwanted.abort());
  reply.raw.setTimeout(REPORT_IDLE_MS);
  const report = job.manifestUri === null ? undefined : await orUnavailable(recordings.report(job, unwanted.signal));
  const made = found(job, report);
  if (made === "busy") {
    const retry = { retryAfterSeconds: REPORT_RETRY_SECONDS };
    throw new ServiceError("report_busy", "the service is making another report; retry in some seconds", retry);
  }
  reply.raw.once("close", () => made.page.destroy());
  dress();
  return reply.type("text/html; charset=utf-8").header("content-length", made.bytes).send(made.page);
}
