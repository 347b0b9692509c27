import { fields } from "../../service/api/schemas/fields.ts";
import { chatMessage, controlResult } from "../../session/control.ts";
import { ADDS, CHANGES, defineTool, ENDS, jobInput, type Tool, type ToolHints } from "../tool.ts";

/** What can be asked of a bot in a call. */

type Verb = "leaveBot" | "pauseRecording" | "resumeRecording" | "stopRecording";

function verb(name: string, title: string, hints: ToolHints, method: Verb, description: string): Tool {
  return defineTool({
    ...{ name, title, hints, description, input: jobInput, output: controlResult },
    run: async ({ meetbot }, { id }, signal) => await meetbot[method](id, { signal }),
  });
}

const sendChatMessage = defineTool({
  name: "send_chat_message",
  title: "Write in the call's chat",
  description:
    "Post a message in the text channel of a bot's call, for example that the call is being recorded. Everybody in the channel can read it. Mentions notify nobody.",
  hints: ADDS,
  input: fields({ ...jobInput.shape, ...chatMessage.shape }),
  output: controlResult,
  run: async ({ meetbot }, { id, message }, signal) => await meetbot.sendChatMessage(id, message, { signal }),
});

export const CONTROL_TOOLS: readonly Tool[] = [
  verb(
    ...(["leave_bot", "Leave the call", ENDS, "leaveBot"] as const),
    "Make a bot finish its recording and leave the call. The recording is stored; get_bot shows when the job is completed.",
  ),
  verb(
    ...(["pause_recording", "Pause the recording", CHANGES, "pauseRecording"] as const),
    "Pause a recording. The bot stays in the call and records nothing until resume_recording.",
  ),
  verb(
    ...(["resume_recording", "Resume the recording", CHANGES, "resumeRecording"] as const),
    "Resume a paused recording.",
  ),
  verb(
    ...(["stop_recording", "Stop the recording for good", ENDS, "stopRecording"] as const),
    "Stop recording for good, without leaving the call. It cannot be resumed; to interrupt it, use pause_recording.",
  ),
  sendChatMessage,
];
