/** The events of a gateway session: the start, requested members, and every change for which it has the intent. */

import * as z from "zod";
import type { Json } from "../json.ts";
import type { OtherGuilds } from "../world/other-guilds.ts";
import type { Member, World } from "../world/world.ts";
import {
  applicationPayload,
  channelPayload,
  guildCreatePayload,
  memberPayload,
  rolePayload,
  selfPayload,
  userPayload,
  visibleChannelPayload,
  voiceStatePayload,
} from "./gateway-payloads.ts";
import { type GatewaySession, INTENT } from "./gateway-session.ts";
import { type Broadcast, forwardMessages } from "./message-events.ts";

const requestGuildMembers = z.object({
  guild_id: z.string(),
  query: z.string().default(""),
  limit: z.number().int().default(0),
  user_ids: z.union([z.string().transform((id) => [id]), z.array(z.string())]).optional(),
  nonce: z.string().optional(),
});

export interface Start {
  readonly world: World;
  readonly otherGuilds: OtherGuilds;
  /** The world's guild comes after all others, not before them. */
  readonly jobGuildLast: boolean;
  readonly allowMessageContent: boolean;
  /** The base address of attachments without an address in the script. */
  readonly cdnUrl: () => string;
}

/** READY, then GUILD_CREATE of every guild of the shard. */
export function sendReady(start: Start, session: GatewaySession, resumeUrl: string): void {
  const { world, otherGuilds, allowMessageContent } = start;
  const { user } = session.account;
  const { id, flags } = applicationPayload(user, allowMessageContent);
  const isThere = world.member(user.id) !== undefined && session.owns(world.guild.id);
  const others = otherGuilds.ids.filter((guildId) => session.owns(guildId));
  session.dispatch("READY", {
    v: 10,
    user: selfPayload(user),
    guilds: [...(isThere ? [world.guild.id] : []), ...others].map((guildId) => ({ id: guildId, unavailable: true })),
    session_id: session.id,
    resume_gateway_url: resumeUrl,
    shard: [session.shard.id, session.shard.count],
    application: { id, flags },
  });
  if (!session.has(INTENT.guilds)) return;
  const everybody = session.has(INTENT.guildMembers);
  const self: Member = { user, joinedAt: new Date() };
  const payloads = others.map((guildId) => () => otherGuilds.createPayload(guildId, self, everybody));
  if (isThere) payloads.splice(start.jobGuildLast ? payloads.length : 0, 0, () => guildPayloadFor(world, session));
  session.dispatchSlowly("GUILD_CREATE", payloads);
}

function guildPayloadFor(world: World, session: GatewaySession): Json {
  if (!world.isAvailable) return { id: world.guild.id, unavailable: true };
  const { id: viewerId } = session.account.user;
  const voiceStates = session.has(INTENT.guildVoiceStates) ? world.voiceStates : [];
  const inVoice = new Set(voiceStates.map(({ member }) => member.user.id));
  // Without the Guild Members intent: the bot itself and who is in voice.
  const members = world.members.filter(
    (member) => session.has(INTENT.guildMembers) || member.user.id === viewerId || inVoice.has(member.user.id),
  );
  return guildCreatePayload(world, { viewerId, members, voiceStates });
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
export function forwardWorld({ world, cdnUrl }: Start, sessions: () => Iterable<GatewaySession>): void {
  const guildId = world.guild.id;
  const broadcast: Broadcast = (intent, event, payload, concerns = () => true) => {
    for (const session of sessions()) {
      const isThere = world.member(session.account.user.id) !== undefined && session.owns(guildId);
      const isSentTo = isThere && world.isAvailable && session.has(intent) && concerns(session);
      if (isSentTo) session.dispatch(event, payload(session));
    }
  };
  world.on("availability", () => {
    for (const session of sessions()) {
      const isThere = world.member(session.account.user.id) !== undefined && session.owns(guildId);
      if (!isThere || !session.has(INTENT.guilds)) continue;
      if (world.isAvailable) session.dispatch("GUILD_CREATE", guildPayloadFor(world, session));
      else session.dispatch("GUILD_DELETE", { id: guildId, unavailable: true });
    }
  });
  forwardMessages(world, broadcast, cdnUrl);
  world.on("channelDelete", (channel) =>
    broadcast(INTENT.guilds, "CHANNEL_DELETE", () => channelPayload(channel, guildId, { position: 0 })),
  );
  world.on("channelCreate", (channel) =>
    broadcast(INTENT.guilds, "CHANNEL_CREATE", ({ account }) => visibleChannelPayload(world, channel, account.user.id)),
  );
  world.on("roleCreate", (role) =>
    broadcast(INTENT.guilds, "GUILD_ROLE_CREATE", () => ({ guild_id: guildId, role: rolePayload(role) })),
  );
  world.on("channelUpdate", (channel) =>
    broadcast(INTENT.guilds, "CHANNEL_UPDATE", ({ account }) => visibleChannelPayload(world, channel, account.user.id)),
  );
  world.on("memberRemove", (member) => {
    broadcast(INTENT.guildMembers, "GUILD_MEMBER_REMOVE", () => ({
      guild_id: guildId,
      user: userPayload(member.user),
    }));
    // For the bot its guild is gone; the event has no `unavailable`, which would mean an outage.
    for (const session of sessions()) {
      const isTheirs = session.account.user.id === member.user.id && session.owns(guildId);
      if (isTheirs && session.has(INTENT.guilds)) session.dispatch("GUILD_DELETE", { id: guildId });
    }
  });
  world.on("memberAdd", (member) =>
    broadcast(INTENT.guildMembers, "GUILD_MEMBER_ADD", () => ({ ...memberPayload(member), guild_id: guildId })),
  );
  world.on("memberUpdate", (member) =>
    // A bot gets changes of its own account whatever its intents.
    broadcast(
      0,
      "GUILD_MEMBER_UPDATE",
      () => ({ ...memberPayload(member), guild_id: guildId }),
      (session) => session.has(INTENT.guildMembers) || session.account.user.id === member.user.id,
    ),
  );
  world.on("voiceState", (state) =>
    broadcast(INTENT.guildVoiceStates, "VOICE_STATE_UPDATE", () => voiceStatePayload(state, guildId)),
  );
}
