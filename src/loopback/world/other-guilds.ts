/** The other guilds of a bot that is in many. Nothing happens there, but each has a size. */

import { channelPayload, guildPayloadOf, memberPayload } from "../gateway/gateway-payloads.ts";
import type { Json } from "../json.ts";
import { createSnowflake } from "./snowflake.ts";
import type { Channel, Member } from "./world.ts";

/** Guilds were created this far apart, which spreads them over shards. */
const AGE_STEP_MS = 61_001;
const CHANNELS_PER_GUILD = 20;
const MEMBERS_PER_GUILD = 50;

/** Which shard of `count` a guild lives on. https://discord.com/developers/docs/topics/gateway#sharding */
export function shardOf(guildId: string, count: number): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(count));
}

export class OtherGuilds {
  readonly ids: readonly string[];

  constructor(count: number) {
    const nowMs = Date.now();
    this.ids = Array.from({ length: count }, (_, index) => createSnowflake(nowMs - (index + 1) * AGE_STEP_MS));
  }

  /** GUILD_CREATE. @param everybody whether the receiver may know more members than itself */
  createPayload(guildId: string, self: Member, everybody: boolean): Json {
    const channels = Array.from({ length: CHANNELS_PER_GUILD }, (_, index) => channelOf(guildId, index));
    const others = everybody
      ? Array.from({ length: MEMBERS_PER_GUILD - 1 }, (_, index) => memberOf(guildId, index))
      : [];
    return {
      ...guildPayloadOf({ id: guildId, name: `Guild ${guildId}` }, idAfter(guildId, 1)),
      joined_at: self.joinedAt.toISOString(),
      large: false,
      unavailable: false,
      member_count: MEMBERS_PER_GUILD,
      members: [self, ...others].map(memberPayload),
      voice_states: [],
      channels: channels.map((channel, position) => channelPayload(channel, guildId, { position })),
      threads: [],
      presences: [],
      stage_instances: [],
      guild_scheduled_events: [],
      soundboard_sounds: [],
    };
  }
}

/** The ids of a guild's contents follow the guild's own. */
function idAfter(guildId: string, offset: number): string {
  return (BigInt(guildId) + BigInt(offset)).toString();
}

function channelOf(guildId: string, index: number): Channel {
  const kind = index % 4 === 3 ? "voice" : "text";
  return { id: idAfter(guildId, (100 + index) << 12), name: `${kind}-${index}`, kind };
}

function memberOf(guildId: string, index: number): Member {
  const id = idAfter(guildId, (1_000 + index) << 12);
  const username = `member${index}`;
  return { user: { id, username, displayName: username, bot: false }, joinedAt: new Date(0) };
}
