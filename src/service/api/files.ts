import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { JobRow } from "../domain/job-row.ts";
import type { Recordings } from "../ports/recordings.ts";
import { dispositionOf } from "../recordings/manifest-files.ts";
import type { ApiOptions } from "./api-options.ts";
import { jobOf } from "./jobs/jobs.ts";
import { keyOf } from "./keys/auth.ts";
import { RECORD_OPERATIONS } from "./operations/records.ts";
import { isCurrent, isUnchanged, rangeOf } from "./ranges.ts";
import { found, orUnavailable, refuseDeleted } from "./recording-refusals.ts";
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
      reply.header("accept-ranges", "bytes").header("etag", `"${file.etag}"`);
      if (isUnchanged(request.headers["if-none-match"], file.etag)) return reply.code(304).send();
      const isSame = isCurrent(request.headers["if-range"], file.etag);
      const range = isSame ? rangeOf(request.headers.range, file.bytes) : undefined;
      asDownload(reply, file.name).type(file.mimeType);
      const { first, last } = range ?? { first: 0, last: file.bytes - 1 };
      reply.header("content-length", last - first + 1);
      if (range !== undefined) reply.code(206).header("content-range", `bytes ${first}-${last}/${file.bytes}`);
      // An empty stream, because Fastify gives a HEAD without one the length 0.
      if (request.method === "HEAD") return reply.send(Readable.from([]));
      const stream = await orUnavailable(recordings.read(job, file, range));
      reply.raw.once("close", () => stream.destroy());
      return reply.send(stream);
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

/** A report, or any other recorded text, must not act in the name of this service. */
function asDownload(reply: FastifyReply, name: string): FastifyReply {
  reply.header("content-disposition", dispositionOf(name));
  return reply.header("content-security-policy", "sandbox").header("x-content-type-options", "nosniff");
}
