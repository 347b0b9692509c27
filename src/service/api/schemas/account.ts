import * as z from "zod";
import { count } from "../../../session/shapes.ts";

/** Answers about the consumer, its usage, and the host. */

const seconds = z.number().min(0);

export const usage = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  seconds: seconds.meta({ description: "recorded in all" }),
  billedSeconds: seconds.meta({ description: "of jobs with at least 60 recorded seconds" }),
  days: z.array(z.object({ day: z.iso.date(), seconds, billedSeconds: seconds, jobs: count })),
  jobs: z.array(
    z.object({
      jobId: z.string(),
      externalId: z.string().nullable(),
      endedAt: z.iso.datetime(),
      seconds,
      billed: z.boolean(),
    }),
  ),
});

const validUntil = z.iso
  .datetime()
  .nullable()
  .meta({ description: "until when the webhook secret before is valid too; null if it is not" });

/** The answer to a new webhook secret. */
export const newSecret = z.object({
  webhookSecret: z.string().meta({ description: "shown only now" }),
  previousValidUntil: validUntil,
});

export const consumer = z.object({
  id: z.string(),
  name: z.string(),
  key: z.object({
    id: z.string(),
    name: z.string(),
    shownPrefix: z.string().meta({ description: "the first characters of the key" }),
    mode: z.enum(["live", "test"]),
    role: z.enum(["customer", "operator"]),
    createdAt: z.iso.datetime(),
    previousSecretValidUntil: validUntil,
  }),
  limits: z.object({
    maxConcurrent: count.meta({ description: "live jobs at the same time; 0 allows none" }),
    requestsPerSecond: count,
  }),
});

export const host = z.object({
  version: z.string(),
  node: z.string(),
  uptimeSeconds: seconds,
  workers: z.object({
    running: count,
    slots: count,
    free: count,
    waiting: count.meta({ description: "processes that have loaded everything and wait for a job" }),
    silent: count.meta({ description: "workers whose processes run and give no sign of life" }),
  }),
  jobs: z.record(z.string(), count).meta({ description: "how many jobs have each status" }),
  scheduler: z.object({
    lastTickAt: z.iso.datetime().nullable(),
    lastTickAgeSeconds: seconds.nullable(),
  }),
  database: z.object({ answers: z.boolean(), latencyMs: seconds }),
  deliveries: z.object({ oldestDueSeconds: seconds.nullable() }),
  memory: z.object({ rssBytes: count, freeBytes: count, totalBytes: count }),
});
