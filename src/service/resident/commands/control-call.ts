import { clock } from "../../../text/clock.ts";
import type { JobActions } from "../job-actions.ts";
import { MAX_NOTE_LENGTH } from "./call-rows.ts";
import { type CallParts, callOfButton, mayStop, meantCall } from "./calls.ts";
import type { Answer, CommandRequest, ComponentRequest, Handlers } from "./request.ts";

export interface ControlParts extends CallParts {
  readonly actions: Pick<JobActions, "stop" | "pause" | "resume" | "note">;
}

type Verb = "stop" | "pause" | "resume";

/** Stop, pause, resume and note: as commands, and as buttons below the panel. */
export function controlCommands(parts: ControlParts): Handlers {
  const button = (verb: Verb) => ({
    run: async (request: ComponentRequest): Promise<undefined> => {
      await change(parts, verb, request, await pressedCall(parts, request));
    },
  });
  const command = (verb: Verb) => ({
    run: async (request: CommandRequest): Promise<Answer> => {
      const row = await namedCall(parts, request);
      await change(parts, verb, request, row);
      return { text: DONE[verb](`<#${row.call.voiceChannelId}>`) };
    },
  });
  return {
    commands: {
      stop: command("stop"),
      pause: command("pause"),
      resume: command("resume"),
      note: {
        run: async (request) => await note(parts, request, await namedCall(parts, request), text(request.options.text)),
      },
    },
    // The panel shows what happened, so they need no answer of their own.
    components: {
      stop: button("stop"),
      pause: button("pause"),
      resume: button("resume"),
      note: {
        opens: ({ parts: [, jobId = ""] }) => ({
          id: `record:note:${jobId}`,
          title: "A note at this moment",
          fields: [{ id: "text", label: "Note", lines: "several", maxLength: MAX_NOTE_LENGTH, required: true }],
        }),
      },
    },
    modals: {
      note: async (request) => await note(parts, request, await pressedCall(parts, request), text(request.fields.text)),
    },
  };
}

type Request = Pick<CommandRequest, "guildId" | "asker" | "interactionId">;

const DONE: Readonly<Record<Verb, (channel: string) => string>> = {
  stop: (channel) => `The recording in ${channel} ends. Its panel shows when it is saved.`,
  pause: (channel) => `The recording in ${channel} is paused. Nothing is kept until somebody resumes it.`,
  resume: (channel) => `The recording in ${channel} continues.`,
};

async function change(parts: ControlParts, verb: Verb, { asker, interactionId }: Request, row: Row): Promise<void> {
  await mayStop(parts, asker, row);
  if (verb === "stop") await parts.actions.stop(row);
  else await parts.actions[verb](row, interactionId);
}

type Row = Awaited<ReturnType<typeof meantCall>>;

/** People who are in the call may write notes, and those who may stop it. */
async function note(parts: ControlParts, request: Request, row: Row, content: string): Promise<Answer> {
  const { asker, interactionId } = request;
  const { call } = row;
  if (asker.voiceChannelId !== call.voiceChannelId) await mayStop(parts, asker, row);
  const offsetMs = await parts.actions.note(row, { text: content, author: asker.name }, interactionId);
  const when = offsetMs === null ? "" : ` at ${clock(offsetMs / 1_000)}`;
  return { text: `Noted${when} in the recording of <#${call.voiceChannelId}>.` };
}

async function namedCall(parts: ControlParts, { guildId, asker, options }: CommandRequest): Promise<Row> {
  const { channel } = options;
  return await meantCall(parts, { guildId, asker, channelId: typeof channel === "string" ? channel : undefined });
}

async function pressedCall(parts: ControlParts, request: Pick<ComponentRequest, "guildId" | "parts">): Promise<Row> {
  return await callOfButton(parts, request.guildId, request.parts[1] ?? "");
}

function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
