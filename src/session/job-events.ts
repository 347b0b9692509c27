import * as z from "zod";
import { count, exitReason, failureCode, person } from "./shapes.ts";

/**
 * The events for the customer's webhook and the orchestrator's ingest endpoint, and their envelope. The schema gives
 * the TypeScript type and checks what an outbox holds. `npm run generate` writes it to
 * `config/schemas/event-envelope.schema.json`.
 *
 * Receivers parse these fields. Fields may be added, but never renamed or removed.
 */

/** The names of `JobState`. */
export const jobStatus = z.enum([
  "queued",
  "joining",
  "in_call",
  "recording",
  "finalizing",
  "completed",
  "failed",
  "cancelled",
]);

/** No event contains anything else of the job's Discord block, because the token is part of it. */
export const jobMetadata = z.strictObject({
  discord: z.strictObject({ guildId: z.string(), channelId: z.string(), textChannelId: z.string().nullable() }),
});

const job = {
  jobId: z.string(),
  externalId: z.string().nullable(),
  metadata: jobMetadata,
};

/** The fields of a failure, the same in every event that reports one. */
const failure = {
  failure_code: failureCode,
  failure_detail: z.string().meta({ description: "one sentence for people" }),
  failure_reason: z.string().meta({ description: "the same as failure_detail, for receivers of version 1" }),
  error: z.string().meta({ description: "the same as failure_detail, for receivers of version 1" }),
};

const statusChangedData = z.object({
  event: z.literal("job.status_changed"),
  ...job,
  status: jobStatus,
  previousStatus: jobStatus,
  paused: z.boolean().meta({ description: "whether the recording is paused; true only with the status `recording`" }),
  exitReason: exitReason.optional().meta({ description: "from `finalizing` on, if a call had been joined" }),
  exitDetail: z.string().optional(),
  ...z.object(failure).partial().shape,
});

const finalizedData = z.object({
  event: z.literal("job.finalized"),
  ...job,
  status: z.enum(["completed", "cancelled", "failed"]).meta({
    description: "`failed` if the call ended with a failure; the manifest then describes a partial recording",
  }),
  exitReason,
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  durationSeconds: z.number().min(0),
  manifestUri: z.string(),
  billed: z.boolean(),
});

const failedData = z.object({
  event: z.literal("job.failed"),
  ...job,
  status: z.literal("failed"),
  ...failure,
  failureCode: failureCode.meta({ description: "the same as failure_code" }),
  durationSeconds: z.number().min(0).meta({ description: "of what was recorded; 0 if nothing was" }),
  manifestUri: z.string().optional().meta({ description: "of the partial recording, if one is stored" }),
  billed: z.boolean(),
});

const usageRecordedData = z.object({
  event: z.literal("bot.usage_recorded"),
  ...job,
  job_id: z.string().meta({ description: "the same as jobId" }),
  seconds: count.meta({ description: "whole recorded seconds" }),
  billed: z.boolean().meta({ description: "true from 60 recorded seconds on" }),
});

const competingBotDetectedData = z.object({
  event: z.literal("bot.competing_bot_detected"),
  ...job,
  participant: person.meta({ description: "the other recorder" }),
  leftMeeting: z.boolean().meta({ description: "whether the worker leaves because of it" }),
});

const recordingPermissionResponseData = z.object({
  event: z.literal("bot.recording_permission_response"),
  ...job,
  participant: person.meta({ description: "who answered" }),
  granted: z.boolean(),
});

/** An event as the worker emits it: its data, whose `event` is its name. */
export const jobEvent = z.discriminatedUnion("event", [
  statusChangedData,
  finalizedData,
  failedData,
  usageRecordedData,
  competingBotDetectedData,
  recordingPermissionResponseData,
]);

const sent = {
  deliveryId: z
    .string()
    .regex(/^dlv_[0-9A-HJKMNP-TV-Z]{26}$/)
    .meta({
      description: "the same for each attempt and each destination, so that receivers can recognise a repetition",
    }),
  emittedAt: z.iso.datetime(),
  attempt: z.number().int().min(1),
  version: z.literal(2),
};

/** The sent form: an event in its envelope. */
export const envelope = z
  .discriminatedUnion("event", [
    z.object({ ...sent, event: statusChangedData.shape.event, data: statusChangedData }),
    z.object({ ...sent, event: finalizedData.shape.event, data: finalizedData }),
    z.object({ ...sent, event: failedData.shape.event, data: failedData }),
    z.object({ ...sent, event: usageRecordedData.shape.event, data: usageRecordedData }),
    z.object({ ...sent, event: competingBotDetectedData.shape.event, data: competingBotDetectedData }),
    z.object({ ...sent, event: recordingPermissionResponseData.shape.event, data: recordingPermissionResponseData }),
  ])
  .meta({ title: "An event in its envelope, as webhooks and the ingest endpoint receive it" });

export type JobEvent = z.infer<typeof jobEvent>;
export type JobEventOf<Event extends JobEvent["event"]> = Extract<JobEvent, { event: Event }>;
export type Envelope = z.infer<typeof envelope>;

/** After `finalizing` a job only moves forward, so it has each of these once. */
const LAST_STATES: ReadonlySet<string> = new Set(["finalizing", "completed", "failed", "cancelled"]);

/**
 * The key of an event that a job has at most once. It stays the same in a later run, so a duplicate is not delivered.
 * Undefined for events that may come again.
 */
export function onceKeyOf(of: JobEvent): string | undefined {
  switch (of.event) {
    case "job.finalized":
    case "job.failed":
    case "bot.usage_recorded":
      return of.event;
    case "job.status_changed":
      return LAST_STATES.has(of.status) ? `${of.event} ${of.status}` : undefined;
    case "bot.competing_bot_detected":
    case "bot.recording_permission_response":
      return undefined;
  }
}
