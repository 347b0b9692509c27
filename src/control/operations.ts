import * as z from "zod";
import { answer, emptyAnswer, type Operation } from "../http/operation.ts";
import { SHARED_OPERATIONS } from "../http/shared-operations.ts";
import { chatMessage, consentAnswer, controlResult, idempotencyKey, noteRequest } from "../session/control.ts";
import { jobStatus } from "../session/job-events.ts";
import { jobView } from "../session/job-view.ts";
import { refusals } from "./api-error.ts";

/** Every operation of the worker's server. */

const params = z.object({ id: z.string().meta({ description: "the job's id, MEETBOT_JOB_ID" }) });

const ACCESS_REFUSALS = refusals("unauthorized", "control_disabled", "not_found");
const security = [{ token: [] }];

/** A verb without a body. A request's body is ignored. */
function verb(
  operationId: string,
  path: string,
  summary: string,
  answers: Readonly<Record<number, ReturnType<typeof answer>>>,
) {
  return {
    method: "POST",
    url: `/api/v1/jobs/:id/${path}`,
    schema: {
      ...{ operationId, summary, security, tags: ["bots"], params },
      response: { ...answers, ...ACCESS_REFUSALS },
    },
  } as const;
}

const SWITCH_ANSWERS = { 200: answer("The job is in this state now.", controlResult), ...refusals("wrong_state") };

export const OPERATIONS = {
  getJob: {
    method: "GET",
    url: "/api/v1/jobs/:id",
    schema: {
      ...{ operationId: "getJob", summary: "What the job is doing", security, tags: ["bots"], params },
      response: { 200: answer("The job.", jobView), ...ACCESS_REFUSALS },
    },
  },
  deleteJob: {
    method: "DELETE",
    url: "/api/v1/jobs/:id",
    schema: {
      ...{ operationId: "deleteJob", security, tags: ["bots"], params },
      summary: "Cancel: leave at once, then store what was recorded (`exitReason` cancelled)",
      response: {
        204: emptyAnswer("The bot is leaving, or has left for this reason."),
        ...ACCESS_REFUSALS,
        ...refusals("wrong_state"),
      },
    },
  },
  pauseRecording: verb(
    "pauseRecording",
    "pause-recording",
    "Pause the recording; each track declares the gap",
    SWITCH_ANSWERS,
  ),
  resumeRecording: verb("resumeRecording", "resume-recording", "Resume a paused recording", SWITCH_ANSWERS),
  stopRecording: verb(
    "stopRecording",
    "stop-recording",
    "Stop recording for good; the bot stays in the channel until the job ends",
    SWITCH_ANSWERS,
  ),
  leaveCall: verb("leaveCall", "leave-call", "Leave the channel and finish the recording", {
    202: answer("The bot is leaving or has left. Finishing the recording may take longer.", controlResult),
  }),
  sendChatMessage: {
    method: "POST",
    url: "/api/v1/jobs/:id/send-chat-message",
    schema: {
      ...{ operationId: "sendChatMessage", security, tags: ["bots"], params },
      summary: "Write in the job's text channel, or in the voice channel's own chat if the job has none",
      headers: idempotencyKey,
      body: chatMessage,
      response: {
        200: answer("The message is posted.", controlResult),
        ...refusals("invalid_input"),
        ...ACCESS_REFUSALS,
        ...refusals("wrong_state", "chat_unavailable"),
        ...refusals("payload_too_large", "unsupported_media_type", "discord_unreachable"),
      },
    },
  },
  addNote: {
    method: "POST",
    url: "/api/v1/jobs/:id/note",
    schema: {
      ...{ operationId: "addNote", security, tags: ["bots"], params },
      summary: "Note something about this moment of the recording; it is shown in the report",
      headers: idempotencyKey,
      body: noteRequest,
      response: {
        200: answer("The note is written.", controlResult),
        ...refusals("invalid_input"),
        ...ACCESS_REFUSALS,
        ...refusals("wrong_state", "payload_too_large", "unsupported_media_type"),
      },
    },
  },
  requestRecordingPermission: {
    method: "POST",
    url: "/api/v1/jobs/:id/request-recording-permission",
    schema: {
      ...{ operationId: "requestRecordingPermission", security, tags: ["bots"], params },
      summary: "Ask people in the text channel whether they may be recorded, with buttons to answer",
      headers: idempotencyKey,
      response: {
        202: answer(
          "The question is posted. Each answer comes as the job event `bot.recording_permission_response`.",
          controlResult,
        ),
        ...refusals("invalid_input"),
        ...ACCESS_REFUSALS,
        ...refusals("wrong_state", "chat_unavailable", "discord_unreachable"),
      },
    },
  },
  answerConsent: {
    method: "POST",
    url: "/api/v1/jobs/:id/consent",
    schema: {
      ...{ operationId: "answerConsent", security, tags: ["bots"], params },
      summary: "Note whether a person may be recorded, as if they had pressed a button",
      body: consentAnswer,
      response: {
        200: answer("The answer counts from now on.", controlResult),
        ...refusals("invalid_input"),
        ...ACCESS_REFUSALS,
        ...refusals("wrong_state", "payload_too_large", "unsupported_media_type"),
      },
    },
  },
  healthz: SHARED_OPERATIONS.healthz,
  readyz: {
    method: "GET",
    url: "/readyz",
    schema: {
      ...{ operationId: "getReadiness", tags: ["health"] },
      summary: "Whether the job records or stores its recording, and nothing prevents that",
      response: {
        200: answer("The job is ready.", z.object({ status: jobStatus })),
        503: answer("The job is not ready; `reason` says why.", z.object({ status: jobStatus, reason: z.string() })),
      },
    },
  },
  metrics: {
    method: "GET",
    url: "/metrics",
    schema: {
      ...{ operationId: "getMetrics", summary: "Metrics for Prometheus", tags: ["health"] },
      response: { 200: answer("All metrics.", z.string(), "text/plain") },
    },
  },
  openApi: SHARED_OPERATIONS.openApi,
} as const satisfies Readonly<Record<string, Operation>>;
