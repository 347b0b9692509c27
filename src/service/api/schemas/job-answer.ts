import * as z from "zod";
import { jobStatus } from "../../../session/job-events.ts";
import { jobView } from "../../../session/job-view.ts";
import { exitReason, failureCode } from "../../../session/shapes.ts";

/** The worker's states, and `scheduled`. */
export const serviceJobStatus = z.enum(["scheduled", ...jobStatus.options]);

/** The worker's codes, and the one that only the service sees. */
export const serviceFailureCode = z.enum([...failureCode.options, "dispatch_timeout"]);

const instantAnswer = z.iso.datetime();

/** A job in an answer. It never holds the bot token or a webhook's address. */
export const serviceJob = z
  .object({
    id: z.string(),
    externalId: z.string().nullable(),
    mode: z.enum(["live", "test"]).meta({ description: "test: a recorded call on a loopback Discord" }),
    platform: z.literal("discord"),
    meetingUrl: z.string().meta({ description: "discord://GUILD_ID/CHANNEL_ID" }),
    displayName: z.string().nullable(),
    status: serviceJobStatus,
    paused: z.boolean().meta({ description: "true only with the status recording" }),
    stopped: z.boolean().meta({ description: "recording was stopped, and the bot stays in the channel (in_call)" }),
    ending: z.enum(["cancel", "leave"]).nullable().meta({
      description:
        "the end that was asked for, until the worker's end is known; the status stays as it is. null when the job is over",
    }),
    metadata: z.looseObject({
      discord: z.object({ guildId: z.string(), channelId: z.string(), textChannelId: z.string().nullable() }),
    }),
    webhooks: z.object({ onFinalize: z.boolean(), onStatus: z.boolean() }).meta({ description: "which ones are set" }),
    autoLeave: z.looseObject({}).nullable().meta({ description: "as requested" }),
    leaveBehavior: z.string().nullable(),
    recording: z.looseObject({}).nullable().meta({ description: "as requested" }),
    joinAt: instantAnswer,
    late: z.enum(["join", "skip"]),
    lateWindowSeconds: z.number().min(0),
    attempt: z.number().int().min(0).meta({ description: "how many workers were started for the job" }),
    createdAt: instantAnswer,
    updatedAt: instantAnswer,
    startedAt: instantAnswer.nullable().meta({ description: "when the recording began" }),
    endedAt: instantAnswer.nullable(),
    durationSeconds: z.number().min(0).nullable().meta({ description: "recorded seconds" }),
    billed: z.boolean().nullable(),
    exitReason: exitReason.nullable(),
    exitDetail: z.string().nullable(),
    failure_code: serviceFailureCode.nullable(),
    failureCode: serviceFailureCode.nullable().meta({ description: "the same as failure_code" }),
    failure_detail: z.string().nullable(),
    manifestUri: z.string().nullable(),
    recordingDeletedAt: instantAnswer.nullable(),
    warnings: z.array(z.string()).meta({ description: "what of the request has no effect" }),
  })
  .meta({ id: "ServiceJob", description: "A job" });

export type ServiceJob = z.infer<typeof serviceJob>;

/** A job, with its state now from its worker. */
export const jobWithLive = serviceJob
  .extend({
    live: jobView.nullable().meta({ description: "what the worker says now; null if no worker runs or answers" }),
    liveProblem: z.string().nullable().meta({ description: "why `live` is null, if a worker should be there" }),
  })
  .meta({ id: "ServiceJobWithLive", description: "A job, and what its worker says now" });

/** A page of a list, newest first. */
export function pageOf(item: z.ZodType) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: "for the query `cursor`; null on the last page" }),
  });
}
