import { type APIGuildVoiceChannel, ChannelType, PermissionFlagsBits } from "discord-api-types/v10";
import { JobError } from "../../errors.ts";
import type { CallPlace } from "../../recording/ports/voice.ts";
import { boundedName } from "../../text/safe-text.ts";
import type { OpenSession } from "../session.ts";
import { channelPermissions, type GuildState, missingPermissions } from "./permissions.ts";
import { timeOutIn } from "./time-out.ts";

/** A guild as its bot knows it. */
interface Membership {
  readonly guild: GuildState;
  readonly selfId: string;
}

/**
 * Returns the channel to record, if the bot can join it. Discord silently ignores a forbidden request to join, so
 * everything is checked before.
 *
 * @throws JobError `meeting_not_found` or `host_denied_admission`
 */
export function findPlace({ guild, selfId }: Membership, channelId: string): CallPlace {
  const channel = guild.channels.find(({ id }) => id === channelId);
  if (channel === undefined) {
    throw new JobError(
      "meeting_not_found",
      `the server "${boundedName(guild.name)}" has no channel with the id ${channelId} that the bot can see`,
    );
  }
  if (channel.type !== ChannelType.GuildVoice && channel.type !== ChannelType.GuildStageVoice) {
    throw new JobError(
      "meeting_not_found",
      `the channel "${boundedName(channel.name ?? "")}" is not a voice or stage channel`,
    );
  }
  const timeOut = timeOutIn(guild, selfId);
  if (timeOut !== undefined) {
    throw new JobError(
      "host_denied_admission",
      `a moderator has put the bot in time-out in the server "${boundedName(guild.name)}" until ${timeOut}; it cannot join before`,
    );
  }
  const granted = channelPermissions(guild, channelId, selfId);
  const missing = missingPermissions(granted, PermissionFlagsBits.ViewChannel | PermissionFlagsBits.Connect);
  if (missing.length > 0) {
    throw new JobError(
      "host_denied_admission",
      `the bot lacks the permission ${missing.join(" and ")} in the channel ${shownName(channel)}`,
    );
  }
  refuseFull(guild, channel as APIGuildVoiceChannel, granted);
  return {
    guildId: guild.id,
    guildName: boundedName(guild.name),
    channelId,
    channelName: boundedName(channel.name),
    selfId,
  };
}

/** Discord hides the name of a channel that the bot cannot view: it lists it with flag 1 << 17 and another name. */
const OBFUSCATED = 1 << 17;

function shownName({ id, name, flags = 0 }: { id: string; name?: string | null; flags?: number }): string {
  return (flags & OBFUSCATED) === 0 ? `"${boundedName(name ?? "")}"` : id;
}

/** Move Members lets an account into a full channel. */
function refuseFull(guild: GuildState, channel: APIGuildVoiceChannel, granted: bigint): void {
  const limit = channel.user_limit ?? 0;
  const present = guild.voice_states.filter((state) => state.channel_id === channel.id).length;
  if (limit === 0 || present < limit || (granted & PermissionFlagsBits.MoveMembers) !== 0n) return;
  throw new JobError(
    "host_denied_admission",
    `the channel "${boundedName(channel.name)}" is full: ${present} of ${limit} places`,
  );
}

/**
 * A bot has one voice connection in a guild, so joining would end the one of another session.
 *
 * @throws JobError `host_denied_admission`
 */
export function refuseSecondSession({ guild, selfId, gatewaySessionId }: OpenSession): void {
  const other = guild.voice_states.find((state) => state.user_id === selfId && state.channel_id !== null);
  if (other === undefined || other.session_id === gatewaySessionId) return;
  const name = guild.channels.find(({ id }) => id === other.channel_id)?.name ?? other.channel_id;
  throw new JobError(
    "host_denied_admission",
    `the bot is in the voice channel "${boundedName(name ?? "")}" of this server already, through another session; set MEETBOT_TAKEOVER=true to take it over`,
  );
}
