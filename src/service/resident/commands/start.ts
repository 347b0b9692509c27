import { InputError } from "../../../errors.ts";
import { isOver, type JobRow } from "../../domain/job-row.ts";
import type { JobStore } from "../../ports/jobs.ts";
import { plain } from "../domain/markdown.ts";
import { cannotPostSentence, choiceSentence, chooseBot, type PoolBot } from "../domain/pool-choice.ts";
import { titleLine } from "../domain/title.ts";
import { whoMay } from "../domain/who-may.ts";
import type { CallStart, CallStarted } from "../start-call.ts";
import { type CallParts, liveCalls, settingsOf } from "./calls.ts";
import type { Answer, CommandHandler, CommandRequest } from "./request.ts";

export interface StartParts extends CallParts {
  readonly jobs: Pick<JobStore, "job" | "onJobChange">;
  readonly botsFor: (guildId: string, voiceChannelId: string) => Promise<readonly PoolBot[]>;
  readonly startCall: (call: CallStart) => Promise<CallStarted>;
  /** The link with which somebody adds a bot to the server. */
  readonly invite: (botId: string) => string;
  /** How long the answer waits for the bot to record. */
  readonly patienceMs: number;
}

export function startCommand(parts: StartParts): CommandHandler {
  return { run: async (request) => await start(parts, request) };
}

async function start(parts: StartParts, request: CommandRequest): Promise<Answer> {
  const { guildId, asker, options, interactionId, channelPermissions } = request;
  const named = typeof options.channel === "string" ? options.channel : undefined;
  const channelId = named ?? asker.voiceChannelId;
  if (channelId === null) {
    throw new InputError("You are in no voice channel. Join one, or name one with the option `channel`.");
  }
  const settings = await settingsOf(parts, guildId);
  const may = whoMay("start", asker, settings, {
    voiceChannelId: channelId,
    startedBy: null,
    channelPermissions: channelPermissions.get(channelId) ?? null,
  });
  if (!may.allowed) throw new InputError(may.why);

  const bots = await parts.botsFor(guildId, channelId);
  const live = (await liveCalls(parts, guildId)).map(({ call, job }) => ({
    ...{ jobId: job.id, botId: job.botId, voiceChannelId: call.voiceChannelId },
  }));
  const choice = chooseBot(bots, live, channelId);
  if (choice.kind !== "free") throw new InputError(choiceSentence(choice, channelId, parts.invite));
  const announce = settings.announceChannelId;
  const started = await parts.startCall({
    ...{ guildId, voiceChannelId: channelId, startedBy: asker.userId },
    origin: { origin: "command", ruleId: null },
    // The people of the call see its own chat.
    panelChannelId: channelId,
    botId: choice.bot.botId,
    title: typeof options.title === "string" ? titleLine(options.title) || null : null,
    externalId: `discord:${guildId}:${interactionId}`,
    endMessages: [
      { target: "starter", address: asker.userId },
      ...(announce === null ? [] : [{ target: "channel", address: announce } as const]),
    ],
  });
  if (started.kind === "refused") throw new InputError(started.why);
  const job = await settled(parts, started.job);
  const { missingToPost } = choice.bot;
  if (missingToPost.length === 0) return { text: sentence(job, channelId, true) };
  return { text: `${sentence(job, channelId, false)}\n${cannotPostSentence(choice.bot, channelId)}` };
}

/** The job when the bot records or has failed, or as it is after a while. */
async function settled({ jobs, patienceMs }: StartParts, { id }: JobRow): Promise<JobRow | undefined> {
  const changed = Promise.withResolvers<JobRow | undefined>();
  const look = async (): Promise<void> => {
    const job = await jobs.job(id);
    if (job === undefined || job.status === "recording" || isOver(job.status)) changed.resolve(job);
  };
  const unsubscribe = jobs.onJobChange((jobId) => {
    if (jobId === id) look().catch(changed.reject);
  });
  const timer = setTimeout(() => jobs.job(id).then(changed.resolve, changed.reject), patienceMs);
  try {
    look().catch(changed.reject);
    return await changed.promise;
  } finally {
    unsubscribe();
    clearTimeout(timer);
  }
}

function sentence(job: JobRow | undefined, channelId: string, hasPanel: boolean): string {
  switch (job?.status) {
    case "recording":
      return `The bot records <#${channelId}>.${hasPanel ? " The panel with the buttons is in the chat of that channel." : ""}`;
    case "failed":
      return `The recording of <#${channelId}> failed: ${plain(job.failureDetail ?? job.failureCode ?? "the reason is not known")}.`;
    case "cancelled":
    case "completed":
      return `The recording of <#${channelId}> has ended already.`;
    default:
      return `The bot joins <#${channelId}>.${hasPanel ? " The panel in the chat of that channel shows when it records." : ""}`;
  }
}
