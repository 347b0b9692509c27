import type { GatewayGuildCreateDispatchData } from "discord-api-types/v10";

/** The channel to follow. A thread inherits its permissions from its parent. */
export interface FollowedChannel {
  readonly id: string;
  readonly type: number;
  readonly parent_id?: string | null;
  readonly thread_metadata?: unknown;
}

/** The newest message in a channel and its threads; 0 if there is none. */
export function newestMessageOf(guild: GatewayGuildCreateDispatchData, channelId: string): bigint {
  const own = guild.channels.filter(({ id }) => id === channelId);
  const threads = guild.threads.filter((thread) => "parent_id" in thread && thread.parent_id === channelId);
  const ids = [...own, ...threads].map((channel) => ("last_message_id" in channel ? channel.last_message_id : null));
  return ids.reduce((newest, id) => (BigInt(id ?? 0) > newest ? BigInt(id ?? 0) : newest), 0n);
}
