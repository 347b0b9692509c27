import * as z from "zod";
import { envelope } from "../../../session/job-events.ts";
import { count } from "../../../session/shapes.ts";
import { serviceFailureCode, serviceJobStatus } from "./job-answer.ts";

/**
 * What the service's webhooks get: the worker's job events, and what only the service knows. `npm run generate` writes it
 * to `config/schemas/service-event.schema.json`.
 */

const [statusChanged, finalized, failed, usageRecorded, competingBotDetected, permissionResponse] = envelope.options;

const recordingDeletedData = finalized.shape.data.pick({ jobId: true, externalId: true, metadata: true }).extend({
  event: z.literal("recording.deleted"),
  files: count.meta({ description: "how many were deleted, and looked for again" }),
});

export const webhookEvent = z
  .discriminatedUnion("event", [
    statusChanged.extend({
      data: statusChanged.shape.data.extend({
        status: serviceJobStatus,
        previousStatus: serviceJobStatus,
        failure_code: serviceFailureCode.optional(),
      }),
    }),
    finalized,
    failed.extend({
      data: failed.shape.data.extend({ failure_code: serviceFailureCode, failureCode: serviceFailureCode }),
    }),
    usageRecorded,
    competingBotDetected,
    permissionResponse,
    finalized.extend({ event: recordingDeletedData.shape.event, data: recordingDeletedData }),
  ])
  .meta({ title: "A job event of the service, as webhooks receive it" });
