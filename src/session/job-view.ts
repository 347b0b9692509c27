import * as z from "zod";
import { CONSENT_STATES } from "./consent.ts";
import { jobMetadata, jobStatus } from "./job-events.ts";
import { UNKNOWN_REASONS } from "./leaving/call-snapshot.ts";
import { connectionState, count, exitReason, failureCode, person } from "./shapes.ts";

/** The response of `GET /api/v1/jobs/{id}`: the job for customers, and details for operators. */

const seconds = z.number().min(0);

export const jobView = z
  .object({
    id: z.string(),
    externalId: z.string().nullable(),
    platform: z.literal("discord"),
    meetingUrl: z.string().meta({ description: "discord://GUILD_ID/CHANNEL_ID" }),
    metadata: jobMetadata,
    channel: z.object({ id: z.string(), name: z.string() }).nullable().meta({
      description: "where the bot is, or was last. A person may have moved it. Null until the recording begins",
    }),
    // A worker that was started by an earlier version of the service does not report it.
    guild: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .default(null)
      .meta({ description: "the server. Null until the recording begins" }),
    status: jobStatus,
    paused: z.boolean().meta({ description: "true only with the status recording" }),
    stopped: z.boolean().meta({ description: "recording was stopped, and the bot stays in the channel (in_call)" }),
    startedAt: z.iso.datetime().nullable().meta({ description: "null until the recording has begun" }),
    elapsedSeconds: seconds.meta({ description: "since the recording began; no longer counts once it is over" }),
    connection: connectionState
      .nullable()
      .meta({ description: "whether people can be heard now; null if there is no call" }),
    participants: z
      .array(
        person.extend({
          speakerLabel: z.string(),
          present: z.boolean(),
          spoke: z.boolean(),
          // A worker that was started by an earlier version of the service does not report it.
          speaking: z
            .boolean()
            .default(false)
            .meta({ description: "whether sound of theirs came in the last moments" }),
          consent: z.enum(CONSENT_STATES),
        }),
      )
      .meta({ description: "everybody who was in the channel, in the order of joining" }),
    speakers: z
      .array(z.object({ id: z.string(), displayName: z.string() }))
      .meta({ description: "everybody who was heard, in the order of first speech" }),
    autoLeave: z
      .array(
        z.object({
          exitReason,
          remainingSeconds: seconds,
          thresholdSeconds: seconds,
          waitsFor: z
            .enum(UNKNOWN_REASONS)
            .nullable()
            .meta({ description: "why the countdown waits: what the worker does not know now; null if it runs" }),
        }),
      )
      .meta({ description: "the time left for each auto-leave rule that applies now, shortest first" }),
    uploads: z.object({
      waitingFiles: count,
      waitingBytes: count,
      storedFiles: count,
      storedBytes: count,
      failedFiles: count.meta({ description: "files that were given up; they stay in the spool" }),
    }),
    warnings: z.array(z.object({ code: z.string(), text: z.string() })),
    exitReason: exitReason.nullable().meta({ description: "from finalizing on" }),
    exitDetail: z.string().nullable(),
    failure_code: failureCode.nullable(),
    failure_detail: z.string().nullable(),
    manifestUri: z.string().nullable().meta({ description: "null until the manifest is stored" }),
  })
  .meta({ id: "Job", description: "The job of this worker" });

export type JobView = z.infer<typeof jobView>;
