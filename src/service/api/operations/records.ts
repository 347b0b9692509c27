import * as z from "zod";
import { answer, emptyAnswer, type Operation } from "../../../http/operation.ts";
import { fields, form, instant, text } from "../schemas/fields.ts";
import { pageOf } from "../schemas/job-answer.ts";
import { delivery } from "../schemas/ledger.ts";
import { recordingAnswer, recordingDeleted, recordingSummary } from "../schemas/recording-answer.ts";
import { refusals } from "../service-error.ts";
import { deliveryPage, filePage, JOB_REFUSALS, jobParams, KEY_REFUSALS, pageQuery, security } from "./common.ts";

/** Deliveries and recordings of jobs. */

const tags = ["recordings"];

export const RECORD_OPERATIONS = {
  listDeliveries: {
    method: "GET",
    url: "/api/v1/jobs/:id/deliveries",
    schema: {
      ...{ operationId: "listDeliveries", security, tags: ["webhooks"], params: jobParams, querystring: deliveryPage },
      summary: "Each job event for a webhook, and each attempt to deliver it",
      response: { 200: answer("A page of deliveries.", pageOf(delivery)), ...JOB_REFUSALS },
    },
  },
  resendDelivery: {
    method: "POST",
    url: "/api/v1/jobs/:id/deliveries/:deliveryId/resend",
    schema: {
      ...{ operationId: "resendDelivery", security, tags: ["webhooks"] },
      summary: "Deliver an event again, with the same `deliveryId`",
      params: jobParams.extend({ deliveryId: form(/^dlv_[0-9A-Z]{26}$/, "a delivery's id") }),
      response: {
        202: answer("It is sent at once, or as soon as the attempt that is running has ended.", delivery),
        ...JOB_REFUSALS,
      },
    },
  },
  listRecordings: {
    method: "GET",
    url: "/api/v1/recordings",
    schema: {
      ...{ operationId: "listRecordings", summary: "Recordings that are stored, newest first", security, tags },
      querystring: fields({ ...pageQuery, createdAfter: instant.optional() }),
      response: {
        200: answer("A page of recordings.", pageOf(recordingSummary)),
        ...KEY_REFUSALS,
        ...refusals("invalid_input"),
      },
    },
  },
  getRecording: {
    method: "GET",
    url: "/api/v1/recordings/:id",
    schema: {
      ...{ operationId: "getRecording", summary: "The manifest, and an address for each file", security, tags },
      params: jobParams,
      querystring: filePage,
      response: {
        200: answer("The recording.", recordingAnswer),
        ...JOB_REFUSALS,
        ...refusals("recording_deleted"),
        ...refusals("store_unavailable", "storage_unavailable"),
      },
    },
  },
  getFile: {
    method: "GET",
    url: "/api/v1/recordings/:id/files/:name",
    schema: {
      ...{ operationId: "getFile", summary: "A file of a recording, or some of its bytes", security, tags },
      params: jobParams.extend({
        name: text(1, 300).meta({ description: "a file's name, as the recording lists it" }),
      }),
      headers: z.object({
        range: z.string().max(200).optional().meta({ description: "bytes=FIRST-LAST; one range" }),
        "if-range": z.string().max(200).optional().meta({ description: "an ETag that the range is of" }),
        "if-none-match": z.string().max(2_000).optional().meta({ description: "ETags that the client has" }),
      }),
      response: {
        200: answer("The file.", z.unknown().meta({ type: "string", format: "binary" }), "application/octet-stream"),
        206: answer(
          "The bytes that were asked for.",
          z.unknown().meta({ type: "string", format: "binary" }),
          "application/octet-stream",
        ),
        304: emptyAnswer("The client has these bytes."),
        ...JOB_REFUSALS,
        ...refusals("recording_deleted", "range_not_satisfiable"),
        ...refusals("store_unavailable", "storage_unavailable"),
      },
    },
  },
  getReport: {
    method: "GET",
    url: "/api/v1/recordings/:id/report",
    schema: {
      ...{ operationId: "getReport", security, tags, params: jobParams },
      summary: "A page of the recording to read and listen to, made when it is asked for",
      response: {
        200: answer("The page.", z.string(), "text/html"),
        ...JOB_REFUSALS,
        ...refusals("recording_deleted"),
        ...refusals("rate_limited", "report_busy"),
        ...refusals("store_unavailable", "storage_unavailable"),
      },
    },
  },
  deleteRecording: {
    method: "DELETE",
    url: "/api/v1/recordings/:id",
    schema: {
      ...{ operationId: "deleteRecording", security, tags, params: jobParams },
      summary: "Delete every file of a recording, and look for each again; the job event is `recording.deleted`",
      response: {
        200: answer("Nothing of the recording is left.", recordingDeleted),
        ...JOB_REFUSALS,
        ...refusals("wrong_state", "recording_deleted"),
        ...refusals("store_unavailable", "storage_unavailable"),
      },
    },
  },
} as const satisfies Readonly<Record<string, Operation>>;
