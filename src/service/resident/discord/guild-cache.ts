import {
  type APIChannel,
  type APIRole,
  ChannelType,
  GatewayDispatchEvents,
  type GatewayGuildCreateDispatchData,
  type GatewayGuildDeleteDispatchData,
  type GatewayGuildRoleCreateDispatchData,
  type GatewayGuildRoleDeleteDispatchData,
  type GatewayGuildUpdateDispatchData,
  type GatewayVoiceState,
} from "discord-api-types/v10";
import { boundedName } from "../../../text/safe-text.ts";
import type { Present, VoiceChannel } from "../domain/situation.ts";

/** A server as the gateway describes it, without what nobody here needs: there may be thousands. */
export interface CachedGuild {
  readonly id: string;
  name: string;
  ownerId: string;
  /** Discord moves idle people there. */
  afkChannelId: string | null;
  readonly roles: Map<string, CachedRole>;
  readonly channels: Map<string, CachedChannel>;
  /** Who is in a voice channel, by user id. */
  readonly voice: Map<string, CachedVoice>;
  /** The ids of those in a voice channel, by channel id. */
  readonly byChannel: Map<string, Set<string>>;
}

export interface CachedRole {
  readonly id: string;
  readonly name: string;
  readonly permissions: string;
}

export interface CachedChannel {
  readonly id: string;
  readonly name: string;
  readonly type: ChannelType;
  readonly categoryId: string | null;
  readonly overwrites: readonly {
    readonly id: string;
    readonly type: number;
    readonly allow: string;
    readonly deny: string;
  }[];
}

export interface CachedVoice extends Present {
  readonly channelId: string;
  readonly name: string;
}

/** What changed in a server: these voice channels, or anything. */
export type Changed = ReadonlySet<string> | "all";

/** The servers of the resident, kept up to date by the gateway's dispatches. */
export class GuildCache {
  readonly #guilds = new Map<string, CachedGuild>();
  readonly #onChange: (guildId: string, changed: Changed) => void;

  /** @param onChange is called after each change that may matter to a rule; not for a server that is gone */
  constructor(onChange: (guildId: string, changed: Changed) => void) {
    this.#onChange = onChange;
  }

  guild(guildId: string): CachedGuild | undefined {
    return this.#guilds.get(guildId);
  }

  guilds(): Iterable<CachedGuild> {
    return this.#guilds.values();
  }

  get size(): number {
    return this.#guilds.size;
  }

  /** Who is in the channel, with bots. */
  present(guildId: string, channelId: string): CachedVoice[] {
    const guild = this.#guilds.get(guildId);
    return [...(guild?.byChannel.get(channelId) ?? [])].flatMap((userId) => guild?.voice.get(userId) ?? []);
  }

  voiceChannelOf(guildId: string, userId: string): string | null {
    return this.#guilds.get(guildId)?.voice.get(userId)?.channelId ?? null;
  }

  /** Takes one dispatch of the gateway. Kinds that it does not know change nothing. */
  dispatch(kind: string, data: unknown): void {
    switch (kind) {
      case GatewayDispatchEvents.GuildCreate:
        this.#guildUp(data as GatewayGuildCreateDispatchData);
        break;
      case GatewayDispatchEvents.GuildDelete:
        // An outage too: until it ends, nobody knows who is there.
        this.#guilds.delete((data as GatewayGuildDeleteDispatchData).id);
        break;
      case GatewayDispatchEvents.GuildUpdate:
        this.#updated(data as GatewayGuildUpdateDispatchData);
        break;
      case GatewayDispatchEvents.VoiceStateUpdate:
        this.#voice(data as GatewayVoiceState);
        break;
      case GatewayDispatchEvents.ChannelCreate:
      case GatewayDispatchEvents.ChannelUpdate:
        this.#in(data, ({ channels }) => {
          const channel = cachedChannel(data as APIChannel);
          channels.set(channel.id, channel);
        });
        break;
      case GatewayDispatchEvents.ChannelDelete:
        this.#in(data, ({ channels }) => channels.delete((data as APIChannel).id));
        break;
      case GatewayDispatchEvents.GuildRoleCreate:
      case GatewayDispatchEvents.GuildRoleUpdate:
        this.#in(data, ({ roles }) => {
          const { role } = data as GatewayGuildRoleCreateDispatchData;
          roles.set(role.id, cachedRole(role));
        });
        break;
      case GatewayDispatchEvents.GuildRoleDelete:
        this.#in(data, ({ roles }) => roles.delete((data as GatewayGuildRoleDeleteDispatchData).role_id));
        break;
    }
  }

  #updated({ id, name, owner_id: ownerId, afk_channel_id: afkChannelId }: GatewayGuildUpdateDispatchData): void {
    const guild = this.#guilds.get(id);
    if (guild === undefined) return;
    Object.assign(guild, { name: boundedName(name), ownerId, afkChannelId: afkChannelId ?? null });
    this.#onChange(id, "all");
  }

  #guildUp(data: GatewayGuildCreateDispatchData): void {
    if (data.unavailable === true) return;
    const members = new Map(data.members.map((member) => [member.user.id, member]));
    const guild: CachedGuild = {
      ...{ id: data.id, name: boundedName(data.name), ownerId: data.owner_id },
      afkChannelId: data.afk_channel_id ?? null,
      roles: new Map(data.roles.map((role) => [role.id, cachedRole(role)])),
      channels: new Map(data.channels.map((channel) => [channel.id, cachedChannel(channel)])),
      ...{ voice: new Map(), byChannel: new Map() },
    };
    this.#guilds.set(data.id, guild);
    for (const state of data.voice_states) {
      const member = members.get(state.user_id);
      setVoice(guild, { ...state, ...(member === undefined ? {} : { member }) });
    }
    this.#onChange(data.id, "all");
  }

  #voice(state: GatewayVoiceState): void {
    const guild = this.#guilds.get(state.guild_id ?? "");
    if (guild === undefined) return;
    const before = guild.voice.get(state.user_id)?.channelId;
    setVoice(guild, state);
    const changed = [before, state.channel_id].filter((id) => id !== undefined && id !== null);
    // Muting changes nothing that a rule asks for; roles may have changed.
    this.#onChange(guild.id, new Set(changed));
  }

  #in(data: unknown, change: (guild: CachedGuild) => void): void {
    const id: unknown = Reflect.get(Object(data), "guild_id");
    const guild = typeof id === "string" ? this.#guilds.get(id) : undefined;
    if (guild === undefined) return;
    change(guild);
    this.#onChange(guild.id, "all");
  }
}

type StateOfMember = Pick<GatewayVoiceState, "user_id" | "channel_id" | "member">;

function setVoice(guild: CachedGuild, { user_id: userId, channel_id: channelId, member }: StateOfMember): void {
  const known = guild.voice.get(userId);
  if (known !== undefined && known.channelId !== channelId) {
    const there = guild.byChannel.get(known.channelId);
    there?.delete(userId);
    if (there?.size === 0) guild.byChannel.delete(known.channelId);
  }
  if (channelId === null) {
    guild.voice.delete(userId);
    return;
  }
  guild.voice.set(userId, {
    ...{ userId, channelId },
    isBot: member === undefined ? (known?.isBot ?? false) : member.user.bot === true,
    // Everybody has the role whose id is the server's.
    roleIds: member === undefined ? (known?.roleIds ?? [guild.id]) : [guild.id, ...member.roles],
    name:
      member === undefined
        ? (known?.name ?? userId)
        : boundedName(member.nick ?? member.user.global_name ?? member.user.username),
  });
  const there = guild.byChannel.get(channelId);
  if (there === undefined) guild.byChannel.set(channelId, new Set([userId]));
  else there.add(userId);
}

function cachedRole({ id, name, permissions }: APIRole): CachedRole {
  return { id, name: boundedName(name), permissions };
}

function cachedChannel(channel: Pick<APIChannel, "id" | "type" | "name">): CachedChannel {
  const { parent_id = null, permission_overwrites = [] } = channel as {
    parent_id?: string | null;
    permission_overwrites?: CachedChannel["overwrites"];
  };
  return {
    ...{ id: channel.id, name: boundedName(channel.name ?? ""), type: channel.type },
    categoryId: parent_id,
    overwrites: permission_overwrites.map(({ id, type, allow, deny }) => ({ id, type, allow, deny })),
  };
}

/** The channel as rules look at it. */
export function voiceChannelIn(guild: CachedGuild | undefined, channelId: string): VoiceChannel | undefined {
  const channel = guild?.channels.get(channelId);
  if (guild === undefined || channel === undefined) return undefined;
  const { id, name, categoryId } = channel;
  return { id, name, categoryId, isAfk: guild.afkChannelId === id };
}

/** Whether people talk in channels of this type. */
export function isVoice({ type }: Pick<CachedChannel, "type">): boolean {
  return type === ChannelType.GuildVoice || type === ChannelType.GuildStageVoice;
}
