import * as z from "zod";
import { answer, type Operation } from "../../../http/operation.ts";
import { idempotencyKey } from "../../../session/control.ts";
import { choice, fields, form, instant } from "../schemas/fields.ts";
import { jobWithLive, pageOf, serviceJob, serviceJobStatus } from "../schemas/job-answer.ts";
import { jobChange, jobRequest } from "../schemas/job-request.ts";
import { refusals } from "../service-error.ts";
import { BODY_REFUSALS, JOB_REFUSALS, jobParams, KEY_REFUSALS, pageQuery, security } from "./common.ts";

export const JOB_OPERATIONS = {
  createJob: {
    method: "POST",
    url: "/api/v1/jobs",
    schema: {
      ...{ operationId: "createJob", summary: "Record a call, now or later", security, tags: ["bots"] },
      headers: idempotencyKey,
      body: jobRequest,
      response: {
        200: answer("This `externalId` has a job already: here it is.", serviceJob),
        201: answer("The job is accepted.", serviceJob),
        ...KEY_REFUSALS,
        ...refusals(
          "invalid_input",
          "bot_busy",
          "idempotency_conflict",
          "quota_exceeded",
          "rate_limited",
          "logins_spent",
        ),
        ...BODY_REFUSALS,
      },
    },
  },
  listJobs: {
    method: "GET",
    url: "/api/v1/jobs",
    schema: {
      ...{ operationId: "listJobs", summary: "The key's jobs, newest first", security, tags: ["bots"] },
      querystring: fields({
        ...pageQuery,
        status: choice(serviceJobStatus.options).optional(),
        platform: choice(["discord"]).optional(),
        externalId: form(/^[\w.:@=+-]{1,128}$/, "1 to 128 letters, digits and any of . _ : @ = + -").optional(),
        createdAfter: instant.optional(),
      }),
      response: { 200: answer("A page of jobs.", pageOf(serviceJob)), ...KEY_REFUSALS, ...refusals("invalid_input") },
    },
  },
  getJob: {
    method: "GET",
    url: "/api/v1/jobs/:id",
    schema: {
      ...{ operationId: "getJob", summary: "One job, with what its worker says now", security, tags: ["bots"] },
      params: jobParams,
      response: { 200: answer("The job.", jobWithLive), ...JOB_REFUSALS },
    },
  },
  updateJob: {
    method: "PATCH",
    url: "/api/v1/jobs/:id",
    schema: {
      ...{ operationId: "updateJob", summary: "Change a scheduled job, until it is dispatched", security },
      tags: ["bots"],
      params: jobParams,
      body: jobChange,
      response: {
        200: answer("The job as it is now.", serviceJob),
        ...JOB_REFUSALS,
        ...refusals("wrong_state"),
        ...BODY_REFUSALS,
      },
    },
  },
  cancelJob: {
    method: "DELETE",
    url: "/api/v1/jobs/:id",
    schema: {
      ...{ operationId: "cancelJob", security, tags: ["bots"], params: jobParams },
      summary: "Cancel: leave at once, then store what was recorded (`exitReason` cancelled)",
      response: {
        200: answer("The job is over.", serviceJob),
        202: answer(
          "The worker is asked to leave. The job's status says `cancelled` when the worker's end is known.",
          serviceJob,
        ),
        ...JOB_REFUSALS,
        ...refusals("wrong_state"),
      },
    },
  },
  watchJob: {
    method: "GET",
    url: "/api/v1/jobs/:id/events",
    schema: {
      ...{ operationId: "watchJob", security, tags: ["bots"], params: jobParams },
      summary: "Server-sent events of the job, from its start or after `Last-Event-ID`, until the job is over",
      headers: z.object({
        "last-event-id": form(/^\d{1,15}(\.\d{1,15})?$/, "the id of an event of this stream").optional(),
      }),
      response: {
        200: answer(
          "Job events with their envelopes, and session events of the call (who came and left, who spoke, warnings), each with an id. In a call also `job.live`: what the worker says, as soon as it changes.",
          z.string(),
          "text/event-stream",
        ),
        ...JOB_REFUSALS,
      },
    },
  },
} as const satisfies Readonly<Record<string, Operation>>;
