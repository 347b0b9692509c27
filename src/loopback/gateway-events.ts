/** What a gateway session is told: the start, the members it asks for, and every change it has the intent for. */

import { z } from "zod";
import {
  applicationPayload,
  channelPayload,
  guildCreatePayload,
  type Json,
  memberPayload,
  messageDeletePayload,
  messageDispatch,
  reactionPayload,
  selfPayload,
  userPayload,
  voiceStatePayload,
} from "./gateway-payloads.ts";
import { type GatewaySession, INTENT } from "./gateway-session.ts";
import type { World } from "./world.ts";

const requestGuildMembers = z.object({
  guild_id: z.string(),
  query: z.string().default(""),
  limit: z.number().int().default(0),
  user_ids: z.union([z.string().transform((id) => [id]), z.array(z.string())]).optional(),
  nonce: z.string().optional(),
});

/** READY, then GUILD_CREATE. */
export function sendReady(
  { world, allowMessageContent }: { readonly world: World; readonly allowMessageContent: boolean },
  session: GatewaySession,
  { shard, resumeUrl }: { readonly shard: readonly [number, number]; readonly resumeUrl: string },
): void {
  const { user } = session.account;
  const { id, flags } = applicationPayload(user, allowMessageContent);
  const isMember = world.member(user.id) !== undefined;
  session.dispatch("READY", {
    v: 10,
    user: selfPayload(user),
    guilds: isMember ? [{ id: world.guild.id, unavailable: true }] : [],
    session_id: session.id,
    resume_gateway_url: resumeUrl,
    shard,
    application: { id, flags },
  });
  if (!session.has(INTENT.guilds) || !isMember) return;
  const voiceStates = session.has(INTENT.guildVoiceStates) ? world.voiceStates : [];
  const inVoice = new Set(voiceStates.map(({ member }) => member.user.id));
  // Without the Guild Members intent: the bot itself and who is in voice.
  const members = world.members.filter(
    (member) => session.has(INTENT.guildMembers) || member.user.id === user.id || inVoice.has(member.user.id),
  );
  session.dispatch("GUILD_CREATE", guildCreatePayload(world, members, voiceStates));
}

/** Op 8. */
export function sendGuildMembers(world: World, session: GatewaySession, data: unknown): void {
  const request = requestGuildMembers.safeParse(data);
  if (!request.success || request.data.guild_id !== world.guild.id) return;
  const { query, limit, user_ids: userIds, nonce } = request.data;
  const found = world.members.filter(({ user }) =>
    userIds ? userIds.includes(user.id) : user.username.toLowerCase().startsWith(query.toLowerCase()),
  );
  session.dispatch("GUILD_MEMBERS_CHUNK", {
    guild_id: world.guild.id,
    members: (limit > 0 ? found.slice(0, limit) : found).map(memberPayload),
    chunk_index: 0,
    chunk_count: 1,
    ...(userIds ? { not_found: userIds.filter((id) => world.member(id) === undefined) } : {}),
    ...(nonce === undefined ? {} : { nonce }),
  });
}

/** Passes the world's changes on to the sessions that have the intent. */
export function forwardWorld(world: World, sessions: () => Iterable<GatewaySession>): void {
  const broadcast = (intent: number, event: string, payload: (session: GatewaySession) => Json): void => {
    for (const session of sessions()) {
      const isMember = world.member(session.account.user.id) !== undefined;
      if (isMember && session.has(intent)) session.dispatch(event, payload(session));
    }
  };
  const guildId = world.guild.id;
  world.on("channelDelete", (channel) =>
    broadcast(INTENT.guilds, "CHANNEL_DELETE", () => channelPayload(channel, guildId, 0)),
  );
  world.on("memberRemove", (member) => {
    broadcast(INTENT.guildMembers, "GUILD_MEMBER_REMOVE", () => ({
      guild_id: guildId,
      user: userPayload(member.user),
    }));
    // To the bot itself its guild is gone; without `unavailable`, which would mean an outage.
    for (const session of sessions()) {
      const isTheirs = session.account.user.id === member.user.id;
      if (isTheirs && session.has(INTENT.guilds)) session.dispatch("GUILD_DELETE", { id: guildId });
    }
  });
  world.on("memberAdd", (member) =>
    broadcast(INTENT.guildMembers, "GUILD_MEMBER_ADD", () => ({ ...memberPayload(member), guild_id: guildId })),
  );
  world.on("voiceState", (state) =>
    broadcast(INTENT.guildVoiceStates, "VOICE_STATE_UPDATE", () => voiceStatePayload(state, guildId)),
  );
  for (const [change, event] of [
    ["messageCreate", "MESSAGE_CREATE"],
    ["messageUpdate", "MESSAGE_UPDATE"],
  ] as const) {
    world.on(change, (message) =>
      broadcast(INTENT.guildMessages, event, (session) =>
        messageDispatch(world, message, {
          messageContent: session.has(INTENT.messageContent),
          viewerId: session.account.user.id,
        }),
      ),
    );
  }
  world.on("messageDelete", (message) =>
    broadcast(INTENT.guildMessages, "MESSAGE_DELETE", () => messageDeletePayload(world, message)),
  );
  world.on("reactionAdd", (reaction) =>
    broadcast(INTENT.guildMessageReactions, "MESSAGE_REACTION_ADD", () => reactionPayload(world, reaction)),
  );
  world.on("reactionRemove", (reaction) =>
    broadcast(INTENT.guildMessageReactions, "MESSAGE_REACTION_REMOVE", () => reactionPayload(world, reaction)),
  );
}
