/** The world in Discord's JSON, API version 10. https://discord.com/developers/docs/resources */

import type { CallUser } from "../../fixture/call-script.ts";
import type { Json } from "../json.ts";
import { EVERYONE_PERMISSIONS, permissionBits } from "../world/permissions.ts";
import type { Channel, DirectChannel, Member, Role, VoiceState, World } from "../world/world.ts";
import { activeThreads, threadPayload } from "./thread-payloads.ts";

/** Overwrite types. https://discord.com/developers/docs/resources/channel#overwrite-object */
const OVERWRITE_ROLE = 0;
const OVERWRITE_MEMBER = 1;

/** https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
const CHANNEL_TYPES = { text: 0, direct: 1, voice: 2, category: 4, stage: 13 } as const;
/** ChannelFlags: CHANNEL_OBFUSCATED. https://discord.com/developers/docs/topics/permissions#channel-visibility */
const CHANNEL_OBFUSCATED = 1 << 17;

/** ApplicationFlags: the bot was granted the Message Content intent (in fewer than 100 guilds). */
const GATEWAY_MESSAGE_CONTENT_LIMITED = 1 << 19;

export function userPayload(user: CallUser): Json {
  return {
    id: user.id,
    username: user.username,
    discriminator: user.bot ? "0001" : "0",
    global_name: user.displayName,
    avatar: null,
    bot: user.bot,
    public_flags: 0,
  };
}

/** The bot's own user: `GET /users/@me` and READY. */
export function selfPayload(user: CallUser): Json {
  return { ...userPayload(user), verified: true, mfa_enabled: false, email: null, flags: 0 };
}

export function applicationPayload(user: CallUser, messageContent: boolean): Json {
  return {
    id: user.id,
    name: user.username,
    icon: null,
    description: "",
    bot_public: false,
    bot_require_code_grant: false,
    verify_key: "",
    flags: messageContent ? GATEWAY_MESSAGE_CONTENT_LIMITED : 0,
    bot: userPayload(user),
  };
}

export function memberPayload(member: Member): Json {
  return { ...memberFields(member), user: userPayload(member.user) };
}

/** A member in a message, without its user, which is a separate field of the message. */
export function memberFields(member: Member): Json {
  return {
    nick: member.user.nick ?? null,
    avatar: null,
    roles: member.roleIds ?? [],
    joined_at: member.joinedAt.toISOString(),
    premium_since: null,
    communication_disabled_until: member.timedOutUntil ?? null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0,
  };
}

export function channelPayload(
  channel: Channel,
  guildId: string,
  { position, lastMessageId = null }: { readonly position: number; readonly lastMessageId?: string | null | undefined },
): Json {
  const common = {
    id: channel.id,
    type: CHANNEL_TYPES[channel.kind],
    guild_id: guildId,
    name: channel.name,
    position,
    permission_overwrites: [],
    parent_id: channel.categoryId ?? null,
    nsfw: false,
    flags: 0,
    rate_limit_per_user: 0,
    last_message_id: lastMessageId,
  };
  if (channel.kind === "category") return common;
  if (channel.kind === "text") return { ...common, topic: null };
  // Without a bitrate discord.js does not treat it as a voice channel.
  return { ...common, bitrate: 64_000, user_limit: channel.userLimit ?? 0, rtc_region: null };
}

export function directChannelPayload(world: World, { id, userId }: DirectChannel): Json {
  const person = world.member(userId)?.user;
  return {
    id,
    type: CHANNEL_TYPES.direct,
    flags: 0,
    last_message_id: world.chat.lastMessageId(id) ?? null,
    recipients: person ? [userPayload(person)] : [],
  };
}

/**
 * A channel as a bot sees it, with its denied permissions. Without View Channel it is still listed, but obfuscated, as
 * on Discord since July 2026.
 */
export function visibleChannelPayload(world: World, channel: Channel, viewerId: string): Json {
  const guildId = world.guild.id;
  const position = [...world.channels.keys()].indexOf(channel.id);
  const payload = channelPayload(channel, guildId, { position, lastMessageId: world.chat.lastMessageId(channel.id) });
  if (!world.canSee(viewerId, channel.id)) {
    const deny = permissionBits(["viewChannel"]).toString();
    const overwrite = { id: guildId, type: OVERWRITE_ROLE, allow: "0", deny };
    return { ...payload, name: "___hidden___", flags: CHANNEL_OBFUSCATED, permission_overwrites: [overwrite] };
  }
  const denied = world.permissions.denied(viewerId, channel.id);
  if (denied.size === 0) return payload;
  const overwrite = { id: viewerId, type: OVERWRITE_MEMBER, allow: "0", deny: permissionBits(denied).toString() };
  return { ...payload, permission_overwrites: [overwrite] };
}

export function voiceStatePayload(state: VoiceState, guildId: string): Json {
  const { flags } = state;
  return {
    guild_id: guildId,
    channel_id: state.channelId,
    user_id: state.member.user.id,
    member: memberPayload(state.member),
    session_id: state.sessionId,
    deaf: flags.deaf ?? false,
    mute: flags.mute ?? false,
    self_deaf: flags.selfDeaf ?? false,
    self_mute: flags.selfMute ?? false,
    self_stream: flags.selfStream ?? false,
    self_video: flags.selfVideo ?? false,
    suppress: flags.suppress ?? false,
    request_to_speak_timestamp: null,
  };
}

/** The guild as REST shows it; GUILD_CREATE adds its members and channels. */
export function guildPayload(world: World): Json {
  const guild = guildPayloadOf(world.guild, world.ownerId);
  return { ...guild, roles: [rolePayload(everyone(world.guild.id)), ...[...world.roles.values()].map(rolePayload)] };
}

export function guildPayloadOf({ id, name }: { readonly id: string; readonly name: string }, ownerId: string): Json {
  return {
    id,
    name,
    icon: null,
    splash: null,
    discovery_splash: null,
    banner: null,
    description: null,
    owner_id: ownerId,
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: 0,
    premium_tier: 0,
    premium_subscription_count: 0,
    premium_progress_bar_enabled: false,
    preferred_locale: "en-US",
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    vanity_url_code: null,
    application_id: null,
    max_members: 500_000,
    features: [],
    emojis: [],
    stickers: [],
    roles: [rolePayload(everyone(id))],
  };
}

/** This role has the guild's id. */
function everyone(guildId: string): Role {
  return { id: guildId, name: "@everyone", permissions: EVERYONE_PERMISSIONS };
}

export function rolePayload({ id, name, permissions }: Role): Json {
  return {
    id,
    name,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    icon: null,
    unicode_emoji: null,
    position: 0,
    permissions: permissionBits(permissions).toString(),
    managed: false,
    mentionable: false,
    flags: 0,
  };
}

export interface GuildView {
  /** The bot that gets the payload. */
  readonly viewerId: string;
  /** The members it may see: all with the Guild Members intent. */
  readonly members: readonly Member[];
  readonly voiceStates: readonly VoiceState[];
}

export function guildCreatePayload(world: World, { viewerId, members, voiceStates }: GuildView): Json {
  return {
    ...guildPayload(world),
    joined_at: new Date().toISOString(),
    large: false,
    unavailable: false,
    member_count: world.members.length,
    members: members.map(memberPayload),
    voice_states: voiceStates.map((state) => voiceStatePayload(state, world.guild.id)),
    channels: [...world.channels.values()].map((channel) => visibleChannelPayload(world, channel, viewerId)),
    threads: activeThreads(world, viewerId).map((thread) => threadPayload(world, thread)),
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}
