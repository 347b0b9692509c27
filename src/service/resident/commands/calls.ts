import { InputError } from "../../../errors.ts";
import { isOver } from "../../domain/job-row.ts";
import type { CallWithJob, ResidentStore } from "../../ports/resident.ts";
import { type GuildSettings, readGuildSettings } from "../domain/guild-settings.ts";
import { whoMay } from "../domain/who-may.ts";
import type { Asker } from "./request.ts";

/** Which recording somebody means, and whether they may change it. */

export interface CallParts {
  readonly store: { readonly resident: Pick<ResidentStore, "openCalls" | "guild" | "call" | "calls"> };
}

interface Meant {
  readonly guildId: string;
  readonly asker: Asker;
  /** The channel that they named. */
  readonly channelId: string | undefined;
}

/** The server's calls that are not over, oldest first. */
export async function liveCalls({ store }: CallParts, guildId: string): Promise<readonly CallWithJob[]> {
  const open = await store.resident.openCalls();
  return open
    .filter(({ call, job }) => call.guildId === guildId && !isOver(job.status))
    .toSorted((one, other) => one.call.createdAt - other.call.createdAt);
}

/**
 * The call in the named channel, or in the asker's, or the server's only one.
 *
 * @throws InputError if there is none, or it is not clear which one
 */
export async function meantCall(parts: CallParts, { guildId, asker, channelId }: Meant): Promise<CallWithJob> {
  const live = await liveCalls(parts, guildId);
  const inChannel = (id: string) => live.find(({ call }) => call.voiceChannelId === id);
  if (channelId !== undefined) {
    const named = inChannel(channelId);
    if (named === undefined) throw new InputError(`Nothing is being recorded in <#${channelId}>.`);
    return named;
  }
  const own = asker.voiceChannelId === null ? undefined : inChannel(asker.voiceChannelId);
  const [first] = live;
  if (own !== undefined) return own;
  if (first === undefined) throw new InputError("Nothing is being recorded in this server.");
  if (live.length === 1) return first;
  const channels = live.map(({ call }) => `<#${call.voiceChannelId}>`).join(", ");
  throw new InputError(`This server has recordings in ${channels}. Name one of them with the option \`channel\`.`);
}

/** @throws InputError if the call is over, or of another server */
export async function callOfButton(parts: CallParts, guildId: string, jobId: string): Promise<CallWithJob> {
  const found = await parts.store.resident.call(jobId);
  if (found === undefined || found.call.guildId !== guildId)
    throw new InputError("The bot does not know this recording.");
  if (isOver(found.job.status)) throw new InputError(`The recording in <#${found.call.voiceChannelId}> is over.`);
  return found;
}

export async function settingsOf({ store }: CallParts, guildId: string): Promise<GuildSettings> {
  return readGuildSettings((await store.resident.guild(guildId))?.settingsJson ?? null);
}

/** @throws InputError with the reason for the asker */
export async function mayStop(parts: CallParts, asker: Asker, { call }: CallWithJob): Promise<void> {
  const settings = await settingsOf(parts, call.guildId);
  const may = whoMay("stop", asker, settings, { ...call, channelPermissions: null });
  if (!may.allowed) throw new InputError(may.why);
}
