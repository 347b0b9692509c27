import type { CallWithJob } from "../../ports/resident.ts";
import { plain } from "../domain/markdown.ts";
import { type CallParts, liveCalls } from "./calls.ts";
import type { CommandHandler } from "./request.ts";

export interface StatusParts extends CallParts {
  /** What is left of the logins of the day, in a sentence for each bot. */
  readonly loginSentences: () => Promise<readonly string[]>;
}

export function statusCommand(parts: StatusParts): CommandHandler {
  return {
    run: async ({ guildId }) => {
      const live = await liveCalls(parts, guildId);
      const calls = live.length === 0 ? ["Nothing is being recorded in this server."] : live.map(lineOf);
      return { text: [...calls, ...(await parts.loginSentences())].join("\n") };
    },
  };
}

function lineOf({ call, job }: CallWithJob): string {
  const { voiceChannelId, title, startedBy } = call;
  const what = title === null ? "" : ` “${plain(title)}”`;
  const since = job.startedAt === null ? "" : ` since <t:${Math.floor(job.startedAt / 1_000)}:t>`;
  const by = startedBy === null ? "started by a rule" : `started by <@${startedBy}>`;
  return `<#${voiceChannelId}>${what}: ${stateOf(job)}${since}, ${by}.`;
}

function stateOf({ status, paused, stopped }: CallWithJob["job"]): string {
  if (paused) return "paused";
  if (stopped) return "stopped, and the bot is still there";
  switch (status) {
    case "recording":
      return "recording";
    case "finalizing":
      return "being saved";
    default:
      return "the bot is joining";
  }
}
