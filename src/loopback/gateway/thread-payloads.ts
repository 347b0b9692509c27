/** Threads in Discord's JSON. https://discord.com/developers/docs/topics/threads */

import type { Json } from "../json.ts";
import type { World } from "../world/world.ts";
import type { Thread } from "../world/world-chat.ts";

/** https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
const PUBLIC_THREAD = 11;
/** Minutes without a message after which Discord would archive it. */
const AUTO_ARCHIVE_MINUTES = 1_440;

/** The threads that a bot may see. */
export function activeThreads(world: World, viewerId: string): readonly Thread[] {
  return world.chat.threads.filter((thread) => !thread.archived && world.canSee(viewerId, thread.id));
}

export function threadPayload(world: World, thread: Thread): Json {
  return {
    id: thread.id,
    type: PUBLIC_THREAD,
    guild_id: world.guild.id,
    parent_id: thread.parentId,
    owner_id: thread.ownerId ?? world.ownerId,
    name: thread.name,
    last_message_id: world.chat.lastMessageId(thread.id) ?? null,
    rate_limit_per_user: 0,
    message_count: 0,
    member_count: 1,
    total_message_sent: 0,
    flags: 0,
    thread_metadata: {
      archived: thread.archived,
      locked: thread.locked,
      auto_archive_duration: AUTO_ARCHIVE_MINUTES,
      archive_timestamp: thread.createdAt.toISOString(),
      create_timestamp: thread.createdAt.toISOString(),
    },
  };
}

export function threadDeletePayload(world: World, { id, parentId }: Thread): Json {
  return { id, guild_id: world.guild.id, parent_id: parentId, type: PUBLIC_THREAD };
}
