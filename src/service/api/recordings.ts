import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { JobRow } from "../domain/job-row.ts";
import type { RecordingFile } from "../ports/recordings.ts";
import { deleteRecording, isDeletable } from "../recordings/delete-recording.ts";
import type { ApiOptions } from "./api-options.ts";
import { serveRecordingFiles } from "./files.ts";
import { isoTime, isoTimeOrNull } from "./jobs/job-answer.ts";
import { jobOf } from "./jobs/jobs.ts";
import { keyOf } from "./keys/auth.ts";
import { RECORD_OPERATIONS } from "./operations/records.ts";
import { found, orUnavailable, refuseDeleted } from "./recording-refusals.ts";
import type { RecordingSummary } from "./schemas/recording-answer.ts";
import { ServiceError } from "./service-error.ts";

/** Lists, shows and deletes recordings. */
export function serveRecordings(scope: FastifyInstance, options: ApiOptions): void {
  const { store, recordings, publicUrl } = options;
  const typed = scope.withTypeProvider<ZodTypeProvider>();
  serveRecordingFiles(scope, options);

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
      const { limit, cursor } = request.query;
      const job = await jobOf(store, keyOf(request), request.params.id);
      refuseDeleted(job);
      const opened = job.manifestUri === null ? undefined : await orUnavailable(recordings.open(job));
      const { manifest, files } = found(job, opened);
      const first = Number(cursor ?? 0);
      const page = files.slice(first, first + limit);
      return {
        ...summaryOf(job),
        manifest,
        files: await addressed(job, page),
        nextCursor: first + limit < files.length ? String(first + limit) : null,
      };
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
          `the job is ${job.status}; a recording can be deleted when its job is over and its worker has ended`,
        );
      }
      // A worker that failed may have stored parts without a manifest.
      if (job.attempt === 0) throw new ServiceError("not_found", `job ${job.id} has no recording`);
      const deleted = await orUnavailable(deleteRecording(job, options));
      if (deleted === undefined) throw new ServiceError("recording_deleted", "another request deleted the recording");
      return { id: job.id, deletedAt: isoTime(deleted.deletedAt), files: deleted.files };
    },
  });

  async function addressed(job: JobRow, files: readonly RecordingFile[]) {
    const presigned = await orUnavailable(recordings.presign(job, files));
    const own = `${publicUrl()}/api/v1/recordings/${job.id}/files`;
    return files.map(({ etag: _, ...file }, index) => ({
      ...file,
      url: presigned?.urls[index] ?? `${own}/${encodeURIComponent(file.name)}`,
      urlExpiresAt: isoTimeOrNull(presigned?.expiresAt ?? null),
    }));
  }
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
