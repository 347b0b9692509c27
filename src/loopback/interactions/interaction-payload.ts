import { memberPayload, visibleChannelPayload } from "../gateway/gateway-payloads.ts";
import { messagePayload } from "../gateway/message-payloads.ts";
import type { Json } from "../json.ts";
import type { World } from "../world/world.ts";
import type { Interaction } from "./interaction.ts";

const CONTEXT_GUILD = 0;
/** The size that Discord allows in a guild without boosts, in bytes. */
const ATTACHMENT_LIMIT_BYTES = 10 * 1_024 * 1_024;

/** INTERACTION_CREATE. https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object */
export function interactionPayload(world: World, { id, token, begun }: Interaction, cdnUrl: string): Json {
  const { applicationId, userId, channelId, type, message, data, locale } = begun;
  const member = world.member(userId);
  if (member === undefined) throw new Error(`${userId} is not a member of the guild`);
  const view = { messageContent: true, viewerId: applicationId, cdnUrl };
  const permissions = world.permissionsOf(userId, channelId).toString();
  const channel = world.channels.get(channelId);
  return {
    id,
    token,
    application_id: applicationId,
    type,
    version: 1,
    guild_id: world.guild.id,
    guild: { id: world.guild.id, locale: "en-US", features: [] },
    channel_id: channelId,
    channel: channel
      ? { ...visibleChannelPayload(world, channel, userId), permissions }
      : { id: channelId, type: 0, permissions },
    member: { ...memberPayload(member), permissions },
    locale,
    guild_locale: "en-US",
    app_permissions: world.permissionsOf(applicationId, channelId).toString(),
    entitlements: [],
    authorizing_integration_owners: { 0: world.guild.id },
    context: CONTEXT_GUILD,
    attachment_size_limit: ATTACHMENT_LIMIT_BYTES,
    ...(message === undefined ? {} : { message: messagePayload(world, message, view) }),
    data,
  };
}
