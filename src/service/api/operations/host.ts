import * as z from "zod";
import { answer, type Operation } from "../../../http/operation.ts";
import { SHARED_OPERATIONS } from "../../../http/shared-operations.ts";
import { envelope } from "../../../session/job-events.ts";
import { DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS } from "../../domain/secret-overlap.ts";
import { consumer, host, newSecret, usage } from "../schemas/account.ts";
import { fields, form, instant, whole } from "../schemas/fields.ts";
import { refusals } from "../service-error.ts";
import { BODY_REFUSALS, KEY_REFUSALS, security } from "./common.ts";

/** The account, the host, workers, logins, and health. */

export const userCode = form(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/, "a login's code such as 7KQ2-M9XD");

const resident = z
  .object({
    state: z.enum(["connecting", "connected", "waiting", "refused"]),
    why: z.string().nullable(),
  })
  .meta({ description: "the bot that answers commands in Discord; absent if the service has none" });

export const HOST_OPERATIONS = {
  getUsage: {
    method: "GET",
    url: "/api/v1/usage",
    schema: {
      ...{ operationId: "getUsage", summary: "Recorded seconds by day and job", security, tags: ["account"] },
      querystring: fields({
        from: instant.optional().meta({ description: "30 days ago if it is not given" }),
        to: instant.optional().meta({ description: "now if it is not given" }),
      }),
      response: { 200: answer("What was recorded.", usage), ...KEY_REFUSALS, ...refusals("invalid_input") },
    },
  },
  getConsumer: {
    method: "GET",
    url: "/api/v1/consumer",
    schema: {
      ...{ operationId: "getConsumer", summary: "Whose key this is, and its limits", security, tags: ["account"] },
      response: { 200: answer("The consumer.", consumer), ...KEY_REFUSALS },
    },
  },
  rotateWebhookSecret: {
    method: "POST",
    url: "/api/v1/consumer/webhook-secret",
    schema: {
      ...{ operationId: "rotateWebhookSecret", security, tags: ["account"] },
      summary: "Give this key a new webhook secret; events have signatures of both for a while",
      body: fields({
        overlapHours: whole(0, MAX_OVERLAP_HOURS, "hours").default(DEFAULT_OVERLAP_HOURS).meta({
          description: "how long the secret before is valid too; 0 if it is not, such as after somebody read it",
        }),
      }),
      response: {
        200: answer("The new secret, once.", newSecret),
        ...KEY_REFUSALS,
        ...refusals("invalid_input", "secret_overlap"),
        ...BODY_REFUSALS,
      },
    },
  },
  getHost: {
    method: "GET",
    url: "/api/v1/admin/host",
    schema: {
      ...{ operationId: "getHost", summary: "Workers, slots, versions, database, ticks", security, tags: ["admin"] },
      response: { 200: answer("The host.", host), ...KEY_REFUSALS, ...refusals("operators_only") },
    },
  },
  ingest: {
    method: "POST",
    url: "/api/v1/ingest",
    schema: {
      ...{ operationId: "ingest", summary: "Workers send their job events here", tags: ["ingest"] },
      security: [{ ingestToken: [] }],
      body: envelope,
      response: {
        200: answer("Accepted.", z.object({ accepted: z.literal(true) })),
        ...refusals("invalid_input", "unauthorized", "stale_attempt", "store_unavailable"),
        ...BODY_REFUSALS,
      },
    },
  },
  beginLogin: {
    method: "POST",
    url: "/api/v1/cli-auth/init",
    schema: {
      ...{ operationId: "beginLogin", summary: "Begin a login of a command line", tags: ["cli-auth"] },
      response: {
        201: answer(
          "Show `userCode` to the person. Poll with `nonce`.",
          z.object({
            nonce: z.string(),
            userCode: z.string(),
            verificationUrl: z.string(),
            expiresAt: z.iso.datetime(),
            pollIntervalSeconds: z.number().int().min(1),
          }),
        ),
        ...refusals("rate_limited", "store_unavailable"),
      },
    },
  },
  pollLogin: {
    method: "POST",
    url: "/api/v1/cli-auth/poll/:nonce",
    schema: {
      ...{ operationId: "pollLogin", summary: "Ask whether the login is confirmed", tags: ["cli-auth"] },
      params: z.object({ nonce: form(/^[\w-]{43}$/, "the nonce of a login") }),
      response: {
        200: answer("Confirmed: the key comes once.", z.object({ status: z.literal("complete"), apiKey: z.string() })),
        202: answer("Not yet.", z.object({ status: z.literal("pending") })),
        ...refusals("invalid_input", "login_expired", "store_unavailable"),
      },
    },
  },
  completeLogin: {
    method: "POST",
    url: "/api/v1/cli-auth/complete",
    schema: {
      ...{ operationId: "completeLogin", security, tags: ["cli-auth"] },
      summary: "Confirm a login: it gets a new key of this key's consumer, mode and role",
      body: fields({ userCode }),
      response: {
        200: answer("The command line gets its key.", z.object({ status: z.literal("complete") })),
        ...KEY_REFUSALS,
        ...refusals("invalid_input", "not_found"),
        ...BODY_REFUSALS,
      },
    },
  },
  healthz: SHARED_OPERATIONS.healthz,
  readyz: {
    method: "GET",
    url: "/readyz",
    schema: {
      ...{ operationId: "getReadiness", tags: ["health"] },
      summary: "Whether jobs are accepted, started and delivered: database, scheduler, deliveries",
      response: {
        200: answer("The service is ready.", z.object({ status: z.literal("ready"), resident: resident.optional() })),
        503: answer("The service is not ready.", z.object({ status: z.literal("unready"), reason: z.string() })),
      },
    },
  },
  metrics: {
    method: "GET",
    url: "/metrics",
    schema: {
      ...{ operationId: "getMetrics", summary: "Metrics for Prometheus", tags: ["health"] },
      response: { 200: answer("All metrics.", z.string(), "text/plain"), ...refusals("store_unavailable") },
    },
  },
  openApi: SHARED_OPERATIONS.openApi,
} as const satisfies Readonly<Record<string, Operation>>;
