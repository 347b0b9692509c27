import { type APIGuildVoiceChannel, ApplicationFlags, ChannelType, PermissionFlagsBits } from "discord-api-types/v10";
import { JobError } from "../../errors.ts";
import { type CheckResult, fail, failedBy, ok, warn } from "../../session/doctor-check.ts";
import { type Features, inviteUrl } from "../guild/features.ts";
import { channelPermissions, type GuildState, missingPermissions } from "../guild/permissions.ts";
import { findPlace } from "../guild/place.ts";
import { timeOutIn } from "../guild/time-out.ts";
import type { Findings } from "./look.ts";

/** The job for which Discord is checked. */
export interface PlannedJob {
  readonly guildId: string;
  readonly channelId: string;
  readonly textChannelId: string | undefined;
  readonly takeover: boolean;
  readonly features: Features;
}

type Check = (found: Findings, job: PlannedJob) => readonly CheckResult[];
type GuildCheck = (guild: GuildState, found: Findings, job: PlannedJob) => readonly CheckResult[];

/** All checks, in the order in which a job would meet the problems. */
export function discordChecks(found: Findings, job: PlannedJob): readonly CheckResult[] {
  const { guild } = found;
  const general = [checkToken, checkClock, checkGateway, checkIntents, checkGuild].flatMap((check) =>
    check(found, job),
  );
  if (guild === undefined) return general;
  const inGuild = [checkChannel, checkTimeOut, checkPermissions, checkOwnVoice, checkTextChannel, checkVoiceRegion];
  return [...general, ...inGuild.flatMap((check) => check(guild, found, job))];
}

const checkToken: Check = ({ self }) => [ok("token", `it is that of ${self.username} (${self.id})`)];

/** The Date header has whole seconds, and the answer took time to arrive. */
const MAX_SKEW_MS = 5_000;

export const checkClock: Check = ({ aheadMs }) => {
  if (aheadMs === undefined) return [ok("clock", "not compared: Discord's answers bore no time")];
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  if (Math.abs(aheadMs) <= MAX_SKEW_MS) return [ok("clock", "within 5 s of Discord's")];
  const where = aheadMs > 0 ? "ahead of" : "behind";
  const fix = "set it by NTP; the times in the files are this machine's, and S3 refuses a clock that is far off";
  return [warn("clock", `${seconds} s ${where} Discord's`, fix)];
};

export const checkGateway: Check = ({ logins, gatewayTrouble }) => {
  if (logins.remaining === 0) {
    const resets = new Date(Date.now() + logins.reset_after).toISOString();
    const detail = `the bot has used up its ${logins.total} logins of the day`;
    return [fail("gateway", "network_loss", detail, `wait until ${resets}, and look for what logs in so often`)];
  }
  if (gatewayTrouble === undefined) {
    return [ok("gateway", `it answers; ${logins.remaining} of ${logins.total} logins are left today`)];
  }
  const fix = "let this machine open WebSocket connections to it (TCP, port 443)";
  return [fail("gateway", "network_loss", gatewayTrouble, fix)];
};

export const checkIntents: Check = ({ application }, { features }) => {
  if (!features.chat) return [ok("intents", "none that is privileged is needed")];
  const granted = ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited;
  if (((application.flags ?? 0) & granted) !== 0) return [ok("intents", "Message Content is granted")];
  const detail = "Message Content is not granted: the texts of messages would come empty";
  const fix = `turn it on at https://discord.com/developers/applications/${application.id}/bot`;
  return [warn("intents", detail, fix)];
};

export const checkGuild: Check = ({ guild, application }, { guildId, features }) => {
  if (guild !== undefined) return [ok("guild", `"${guild.name}"`)];
  const fix = `check the id, or invite the bot: ${inviteUrl(application.id, features)}`;
  return [fail("guild", "meeting_not_found", `the bot is not in a server with the id ${guildId}`, fix)];
};

export const checkChannel: GuildCheck = (guild, { self }, { channelId }) => {
  try {
    const { channelName } = findPlace({ guild, selfId: self.id }, channelId);
    return [ok("channel", `"${channelName}"; whether it is full shows when joining`)];
  } catch (error) {
    if (error instanceof JobError && error.failureCode === "host_denied_admission") {
      return [ok("channel", "it is a voice or stage channel")];
    }
    const fix = "give the id of a voice or stage channel of this server; a private one must let the bot View Channel";
    return [failedBy("channel", error, fix)];
  }
};

export const checkTimeOut: GuildCheck = (guild, { self }) => {
  const end = timeOutIn(guild, self.id);
  if (end === undefined) return [ok("time-out", "the bot is in none")];
  const detail = `a moderator has put the bot in time-out until ${end}: it cannot join`;
  return [fail("time-out", "host_denied_admission", detail, "let a moderator remove the time-out, or wait until then")];
};

const { ViewChannel, Connect, Speak, SendMessages, ReadMessageHistory, ChangeNickname } = PermissionFlagsBits;

interface Need {
  readonly bit: bigint;
  /** Undefined means the whole server. */
  readonly channelId: string | undefined;
  /** What is lost without it. */
  readonly without: string;
  readonly isVital?: boolean;
}

function needsOf({ channelId, textChannelId, features }: PlannedJob): readonly Need[] {
  const needs: Need[] = [
    { bit: ViewChannel, channelId, without: "it cannot join", isVital: true },
    { bit: Connect, channelId, without: "it cannot join", isVital: true },
  ];
  if (features.spokenNotice) needs.push({ bit: Speak, channelId, without: "nobody hears the spoken notice" });
  if (features.notices) {
    const place = textChannelId ?? channelId;
    needs.push({ bit: SendMessages, channelId: place, without: "nobody gets a written notice of the recording" });
  }
  if (textChannelId !== undefined) {
    needs.push({ bit: ViewChannel, channelId: textChannelId, without: "its chat is not recorded" });
    needs.push({ bit: ReadMessageHistory, channelId: textChannelId, without: "messages that were missed stay missed" });
  }
  if (features.nickname) {
    needs.push({ bit: ChangeNickname, channelId: undefined, without: "its nickname gets no prefix" });
  }
  return needs;
}

/** One result for each permission in each channel. A missing channel has its own check. */
export const checkPermissions: GuildCheck = (guild, { self }, job) =>
  needsOf(job).flatMap(({ bit, channelId, without, isVital }) => {
    const channel = guild.channels.find(({ id }) => id === channelId);
    if (channelId !== undefined && channel === undefined) return [];
    // A channel that is not a voice channel has its own check, and is not joined.
    if (channelId === job.channelId && channel !== undefined && !isVoice(channel.type)) return [];
    const place = channel === undefined ? "the server" : `the channel ${shown(channel)}`;
    const granted = channelPermissions(guild, channelId ?? guild.id, self.id);
    const title = `permission ${missingPermissions(0n, bit).join()}`;
    if (missingPermissions(granted, bit).length === 0) return [ok(title, `in ${place}`)];
    const detail = `the bot lacks it in ${place}: ${without}`;
    const fix = `allow it to the bot or to one of its roles in ${place}, or invite the bot again with the link`;
    return [isVital === true ? fail(title, "host_denied_admission", detail, fix) : warn(title, detail, fix)];
  });

function isVoice(type: number): boolean {
  return type === ChannelType.GuildVoice || type === ChannelType.GuildStageVoice;
}

function shown({ id, name }: { readonly id: string; readonly name?: string | null }): string {
  return `"${name ?? id}"`;
}

export const checkOwnVoice: GuildCheck = (guild, { ownVoiceChannelId }, { takeover }) => {
  if (ownVoiceChannelId === undefined) return [ok("other session", "the bot is in no voice channel of this server")];
  const channel = guild.channels.find(({ id }) => id === ownVoiceChannelId) ?? { id: ownVoiceChannelId };
  const detail = `the bot is in the voice channel ${shown(channel)} of this server already`;
  if (takeover)
    return [warn("other session", detail, "set MEETBOT_TAKEOVER=false to leave it there; true takes it over")];
  const fix = "wait until that session is over, or set MEETBOT_TAKEOVER=true to take it over";
  return [fail("other session", "host_denied_admission", detail, fix)];
};

export const checkTextChannel: GuildCheck = (guild, { textChannel }, { textChannelId }) => {
  if (textChannel === undefined) return [ok("text channel", "none is set: chat is not recorded")];
  const fix = "check DISCORD_TEXT_CHANNEL_ID, and allow the bot View Channel in that channel";
  if (textChannel === "unknown") return [warn("text channel", `no channel has the id ${textChannelId}`, fix)];
  if (textChannel === "hidden") {
    return [warn("text channel", `the bot may not view the channel ${textChannelId}: its chat is not recorded`, fix)];
  }
  if ("guild_id" in textChannel && textChannel.guild_id === guild.id) {
    return [ok("text channel", shown(textChannel))];
  }
  return [warn("text channel", `${shown(textChannel)} is not in the server "${guild.name}"`, fix)];
};

export const checkVoiceRegion: GuildCheck = (guild, { udpTrouble }, { channelId }) => {
  const channel = guild.channels.find(({ id }) => id === channelId) as APIGuildVoiceChannel | undefined;
  const region = channel?.rtc_region ?? "chosen by Discord";
  if (udpTrouble !== undefined) {
    const fix = "let this machine send UDP to ports 50000 to 65535, and take the answers";
    return [warn("voice region", `${region}; this machine refuses to send UDP: ${udpTrouble}`, fix)];
  }
  return [
    ok(
      "voice region",
      `${region}; this machine sends UDP; whether answers come back, and whether it trusts the voice server's certificate, shows when joining`,
    ),
  ];
};
