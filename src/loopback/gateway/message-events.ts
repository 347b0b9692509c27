/** The gateway's events for messages, reactions, pins and threads. */

import type { Json } from "../json.ts";
import type { World } from "../world/world.ts";
import { type GatewaySession, INTENT } from "./gateway-session.ts";
import {
  messageDeleteBulkPayload,
  messageDeletePayload,
  messageDispatch,
  reactionPayload,
  reactionsClearPayload,
} from "./message-payloads.ts";
import { threadDeletePayload, threadPayload } from "./thread-payloads.ts";

/** Sends to the guild's sessions that have the intent and may see it. */
export type Broadcast = (
  intent: number,
  event: string,
  payload: (session: GatewaySession) => Json,
  concerns?: (session: GatewaySession) => boolean,
) => void;

/** Sends messages to the sessions that may read them. */
export function forwardMessages(world: World, broadcast: Broadcast, cdnUrl: () => string): void {
  const sees =
    (channelId: string) =>
    ({ account }: GatewaySession) =>
      world.canSee(account.user.id, channelId);
  const view = (session: GatewaySession) => ({
    messageContent: session.has(INTENT.messageContent),
    viewerId: session.account.user.id,
    cdnUrl: cdnUrl(),
  });
  for (const [change, event] of [
    ["messageCreate", "MESSAGE_CREATE"],
    ["messageUpdate", "MESSAGE_UPDATE"],
  ] as const) {
    world.chat.on(change, (message) => {
      // They need another intent, which no bot here asks for.
      if (world.directChannel(message.channelId) !== undefined) return;
      broadcast(
        INTENT.guildMessages,
        event,
        (session) => messageDispatch(world, message, view(session)),
        sees(message.channelId),
      );
    });
  }
  world.chat.on("messageDelete", (message) =>
    broadcast(
      INTENT.guildMessages,
      "MESSAGE_DELETE",
      () => messageDeletePayload(world, message),
      sees(message.channelId),
    ),
  );
  world.chat.on("messageDeleteBulk", (messages) =>
    broadcast(
      INTENT.guildMessages,
      "MESSAGE_DELETE_BULK",
      () => messageDeleteBulkPayload(world, messages),
      sees(messages[0]?.channelId ?? ""),
    ),
  );
  for (const [change, event] of [
    ["reactionAdd", "MESSAGE_REACTION_ADD"],
    ["reactionRemove", "MESSAGE_REACTION_REMOVE"],
  ] as const) {
    world.chat.on(change, (reaction) =>
      broadcast(
        INTENT.guildMessageReactions,
        event,
        () => reactionPayload(world, reaction),
        sees(reaction.message.channelId),
      ),
    );
  }
  world.chat.on("reactionsClear", (message, emoji) =>
    broadcast(
      INTENT.guildMessageReactions,
      emoji === undefined ? "MESSAGE_REACTION_REMOVE_ALL" : "MESSAGE_REACTION_REMOVE_EMOJI",
      () => reactionsClearPayload(world, message, emoji),
      sees(message.channelId),
    ),
  );
  forwardThreads(world, broadcast, sees);
}

function forwardThreads(
  world: World,
  broadcast: Broadcast,
  sees: (channelId: string) => (session: GatewaySession) => boolean,
): void {
  world.chat.on("threadCreate", (thread) =>
    broadcast(
      INTENT.guilds,
      "THREAD_CREATE",
      () => ({ ...threadPayload(world, thread), newly_created: true }),
      sees(thread.id),
    ),
  );
  world.chat.on("threadUpdate", (thread) =>
    broadcast(INTENT.guilds, "THREAD_UPDATE", () => threadPayload(world, thread), sees(thread.id)),
  );
  world.chat.on("threadDelete", (thread) =>
    broadcast(INTENT.guilds, "THREAD_DELETE", () => threadDeletePayload(world, thread), sees(thread.parentId)),
  );
}
