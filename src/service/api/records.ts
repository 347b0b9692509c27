import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { JobRow } from "../domain/job-row.ts";
import type { DeliveryRow } from "../ports/deliveries.ts";
import { StorageUnavailableError, type StoredRecording } from "../ports/recordings.ts";
import { deleteRecording, isDeletable } from "../recordings/delete-recording.ts";
import { dispositionOf } from "../recordings/manifest-files.ts";
import type { ApiOptions } from "./api-options.ts";
import { keyOf } from "./auth.ts";
import { isoTime, isoTimeOrNull } from "./job-answer.ts";
import { jobOf } from "./jobs.ts";
import { RECORD_OPERATIONS } from "./operations/records.ts";
import { isCurrent, isUnchanged, rangeOf } from "./ranges.ts";
import type { DeliveryView } from "./schemas/ledger.ts";
import type { RecordingSummary } from "./schemas/recording-answer.ts";
import { ServiceError } from "./service-error.ts";

/** The most attempts that a delivery shows. */
const MAX_ATTEMPTS = 20;

const REPORT_RETRY_SECONDS = 5;

/** Lists deliveries, and delivers again. */
export function serveDeliveries(scope: FastifyInstance, { store, clock, work }: ApiOptions): void {
  const typed = scope.withTypeProvider<ZodTypeProvider>();
  const viewOf = async (row: DeliveryRow): Promise<DeliveryView> => ({
    ...{ id: row.id, event: row.event, state: row.state },
    webhook: row.kind === "status" ? "onStatus" : "onFinalize",
    emittedAt: isoTime(row.emittedAt),
    nextAttemptAt: row.state === "pending" ? isoTime(row.nextAt) : null,
    attempts: (await store.attempts(row.id))
      .slice(-MAX_ATTEMPTS)
      .map(({ number, at, status, latencyMs, error }) => ({ number, at: isoTime(at), status, latencyMs, error })),
    data: JSON.parse(row.dataJson),
  });

  typed.route({
    ...RECORD_OPERATIONS.listDeliveries,
    handler: async (request) => {
      const { limit, cursor } = request.query;
      const job = await jobOf(store, keyOf(request), request.params.id);
      const page = await store.deliveries(job.id, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return { data: await Promise.all(page.items.map(viewOf)), nextCursor: page.next };
    },
  });

  typed.route({
    ...RECORD_OPERATIONS.resendDelivery,
    handler: async (request, reply) => {
      const { id, deliveryId } = request.params;
      const job = await jobOf(store, keyOf(request), id);
      const known = await store.delivery(deliveryId);
      if (known?.jobId !== job.id || !(await store.resend(deliveryId, clock.now()))) {
        throw new ServiceError("not_found", `job ${job.id} has no delivery ${deliveryId}`);
      }
      work.wake();
      return reply.code(202).send(await viewOf((await store.delivery(deliveryId)) ?? known));
    },
  });
}

/** Gives out and deletes recordings and their files. */
export function serveRecordings(scope: FastifyInstance, options: ApiOptions): void {
  const { store, recordings, publicUrl } = options;
  const typed = scope.withTypeProvider<ZodTypeProvider>();

  typed.route({
    ...RECORD_OPERATIONS.listRecordings,
    handler: async (request) => {
      const { limit, cursor, createdAfter } = request.query;
      const filter = {
        recorded: true,
        ...(createdAfter === undefined ? {} : { createdAfter: Date.parse(createdAfter) }),
      };
      const page = await store.jobs(keyOf(request), filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return { data: page.items.map(summaryOf), nextCursor: page.next };
    },
  });

  typed.route({
    ...RECORD_OPERATIONS.getRecording,
    handler: async (request) => {
      const job = await jobOf(store, keyOf(request), request.params.id);
      const { manifest, files } = await openOf(job);
      return {
        ...summaryOf(job),
        manifest,
        files: files.map(({ presigned, etag: _, ...file }) => ({
          ...file,
          url: presigned?.url ?? `${publicUrl()}/api/v1/recordings/${job.id}/files/${encodeURIComponent(file.name)}`,
          urlExpiresAt: isoTimeOrNull(presigned?.expiresAt ?? null),
        })),
      };
    },
  });

  typed.route({
    ...RECORD_OPERATIONS.getFile,
    handler: async (request, reply) => {
      const { id, name } = request.params;
      const job = await jobOf(store, keyOf(request), id);
      const { files } = await openOf(job);
      const file = files.find((candidate) => candidate.name === name);
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
      refuseDeleted(job);
      const made = job.manifestUri === null ? undefined : await orUnavailable(recordings.report(job));
      if (made === undefined) throw new ServiceError("not_found", `job ${job.id} has no recording`);
      if (made === "busy") {
        const retry = { retryAfterSeconds: REPORT_RETRY_SECONDS };
        throw new ServiceError("report_busy", "another report is being made; retry in some seconds", retry);
      }
      reply.raw.once("close", () => made.page.destroy());
      asDownload(reply, `${job.id}.html`).type("text/html; charset=utf-8");
      return reply.header("content-length", made.bytes).send(made.page);
    },
  });

  typed.route({
    ...RECORD_OPERATIONS.deleteRecording,
    handler: async (request) => {
      const job = await jobOf(store, keyOf(request), request.params.id);
      refuseDeleted(job);
      if (!isDeletable(job)) {
        throw new ServiceError(
          "wrong_state",
          `the job is ${job.status}; a recording can be deleted when its job is over`,
        );
      }
      // A worker that failed may have stored parts without a manifest.
      if (job.attempt === 0) throw new ServiceError("not_found", `job ${job.id} has no recording`);
      const { files, deletedAt } = await orUnavailable(deleteRecording(job, options));
      return { id: job.id, deletedAt: isoTime(deletedAt), files };
    },
  });

  async function openOf(job: JobRow): Promise<StoredRecording> {
    refuseDeleted(job);
    const recording = job.manifestUri === null ? undefined : await orUnavailable(recordings.open(job));
    if (recording === undefined) throw new ServiceError("not_found", `job ${job.id} has no recording`);
    return recording;
  }
}

function refuseDeleted(job: JobRow): void {
  if (job.deletedAt === null) return;
  throw new ServiceError("recording_deleted", `the recording was deleted at ${isoTime(job.deletedAt)}`);
}

function summaryOf(job: JobRow): RecordingSummary {
  return {
    ...{ id: job.id, externalId: job.externalId, durationSeconds: job.durationSeconds },
    startedAt: isoTimeOrNull(job.startedAt),
    endedAt: isoTimeOrNull(job.endedAt),
    manifestUri: job.manifestUri ?? "",
    retentionUntil: isoTimeOrNull(job.retentionUntil),
  };
}

/** A report, or any other recorded text, must not act in the name of this service. */
function asDownload(reply: FastifyReply, name: string): FastifyReply {
  reply.header("content-disposition", dispositionOf(name));
  return reply.header("content-security-policy", "sandbox").header("x-content-type-options", "nosniff");
}

async function orUnavailable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof StorageUnavailableError)) throw error;
    throw new ServiceError("storage_unavailable", error.message, { retryAfterSeconds: 5 });
  }
}
