import { answer, type Operation } from "../../../http/operation.ts";
import { chatMessage, controlResult, idempotencyKey, noteRequest } from "../../../session/control.ts";
import { refusals } from "../service-error.ts";
import { BODY_REFUSALS, JOB_REFUSALS, jobParams, security } from "./common.ts";

/** Requests to a job in its call. The service passes each to the job's worker, and its answer back. */

const PASSED_ON = { ...JOB_REFUSALS, ...refusals("wrong_state", "worker_unreachable") };
const DONE = answer("The job is in this state now.", controlResult);

function verb<const Id extends string>(operationId: Id, path: string, summary: string) {
  return {
    method: "POST",
    url: `/api/v1/jobs/:id/${path}`,
    schema: {
      ...{ operationId, summary, security, tags: ["bots"], params: jobParams },
      response: { 200: DONE, ...PASSED_ON },
    },
  } as const;
}

export const CONTROL_OPERATIONS = {
  pauseRecording: verb("pauseRecording", "pause-recording", "Pause the recording; each track declares the gap"),
  resumeRecording: verb("resumeRecording", "resume-recording", "Resume a paused recording"),
  stopRecording: verb(
    "stopRecording",
    "stop-recording",
    "Stop recording for good; the bot stays in the channel until the job ends",
  ),
  leaveCall: {
    method: "POST",
    url: "/api/v1/jobs/:id/leave-call",
    schema: {
      ...{ operationId: "leaveCall", summary: "Leave the channel and finish the recording", security, tags: ["bots"] },
      params: jobParams,
      response: {
        202: answer("The bot is leaving or has left. Finishing the recording may take longer.", controlResult),
        ...JOB_REFUSALS,
      },
    },
  },
  sendChatMessage: {
    method: "POST",
    url: "/api/v1/jobs/:id/send-chat-message",
    schema: {
      ...{ operationId: "sendChatMessage", security, tags: ["bots"], params: jobParams },
      summary: "Write in the job's text channel, or in the voice channel's own chat if the job has none",
      headers: idempotencyKey,
      body: chatMessage,
      response: {
        200: answer("The message is posted.", controlResult),
        ...PASSED_ON,
        ...refusals("wrong_state", "chat_unavailable", "discord_unreachable"),
        ...BODY_REFUSALS,
      },
    },
  },
  addNote: {
    method: "POST",
    url: "/api/v1/jobs/:id/note",
    schema: {
      ...{ operationId: "addNote", security, tags: ["bots"], params: jobParams },
      summary: "Note something about this moment of the recording; it is shown in the report",
      headers: idempotencyKey,
      body: noteRequest,
      response: {
        200: answer("The note is written.", controlResult),
        ...PASSED_ON,
        ...BODY_REFUSALS,
      },
    },
  },
  requestRecordingPermission: {
    method: "POST",
    url: "/api/v1/jobs/:id/request-recording-permission",
    schema: {
      ...{ operationId: "requestRecordingPermission", security, tags: ["bots"], params: jobParams },
      summary: "Ask people in the text channel whether they may be recorded, with buttons to answer",
      headers: idempotencyKey,
      response: {
        202: answer(
          "The question is posted. Each answer comes as the job event `bot.recording_permission_response`.",
          controlResult,
        ),
        ...PASSED_ON,
        ...refusals("wrong_state", "chat_unavailable", "discord_unreachable"),
      },
    },
  },
} as const satisfies Readonly<Record<string, Operation>>;
