import * as z from "zod";
import { count } from "../../../session/shapes.ts";

/** Recordings, with an address for each file. */

const recordingFile = z.object({
  name: z.string(),
  bytes: count,
  mimeType: z.string(),
  sha256: z.string().nullable().meta({ description: "from the manifest; null if it has none for this file" }),
  uri: z.string().meta({ description: "where the storage has it" }),
  url: z.string().meta({ description: "where it can be downloaded: presigned for a bucket, else at this service" }),
  urlExpiresAt: z.iso.datetime().nullable().meta({ description: "of a presigned address; null if it stays" }),
});

export const recordingSummary = z
  .object({
    id: z.string().meta({ description: "the job's id" }),
    externalId: z.string().nullable(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    durationSeconds: z.number().min(0).nullable(),
    manifestUri: z.string(),
    retentionUntil: z.iso.datetime().nullable().meta({ description: "when it is deleted; null for never" }),
  })
  .meta({ id: "RecordingSummary", description: "A recording" });

export type RecordingSummary = z.infer<typeof recordingSummary>;

export const recordingAnswer = recordingSummary
  .extend({
    manifest: z.looseObject({}).meta({ description: "schemas/manifest.schema.json" }),
    files: z.array(recordingFile).meta({ description: "in the order of the manifest" }),
    nextCursor: z.string().nullable().meta({ description: "for the query `cursor`; null with the last files" }),
  })
  .meta({ id: "Recording", description: "A recording, its manifest and an address for each file" });

export const recordingDeleted = z.object({
  id: z.string(),
  deletedAt: z.iso.datetime(),
  files: count.meta({ description: "how many were deleted, and looked for again" }),
});
