/** Messages in Discord's JSON. https://discord.com/developers/docs/resources/message */

import type { CallAttachment, CallSticker } from "../../fixture/call-script.ts";
import type { Json } from "../json.ts";
import type { World } from "../world/world.ts";
import type { Message, Reaction } from "../world/world-chat.ts";
import { memberFields, memberPayload, userPayload } from "./gateway-payloads.ts";
import { threadPayload } from "./thread-payloads.ts";

const MESSAGE_TYPE_DEFAULT = 0;
const MESSAGE_TYPE_REPLY = 19;

export interface MessageView {
  /** Without it the content, embeds and attachments of others' messages are empty. */
  readonly messageContent: boolean;
  /** The reading bot, which always sees its own messages and those that mention it. */
  readonly viewerId: string;
  /** The base address of files without an address in the script. */
  readonly cdnUrl: string;
}

export function messagePayload(world: World, message: Message, view: MessageView): Json {
  const isConcerned = message.author.id === view.viewerId || mentions(message, view.viewerId);
  const readable = view.messageContent || isConcerned;
  const reply = message.replyToId === undefined ? undefined : replyFields(world, message, message.replyToId, view);
  const thread = world.chat.thread(message.id);
  return {
    id: message.id,
    type: message.messageType ?? MESSAGE_TYPE_DEFAULT,
    channel_id: message.channelId,
    author: userPayload(message.author),
    content: readable ? message.content : "",
    timestamp: message.createdAt.toISOString(),
    edited_timestamp: message.editedAt?.toISOString() ?? null,
    tts: false,
    mention_everyone: false,
    mentions: world.members.filter(({ user }) => mentions(message, user.id)).map(({ user }) => userPayload(user)),
    mention_roles: [],
    attachments: readable ? message.attachments.map((attachment) => attachmentPayload(message, attachment, view)) : [],
    embeds: readable ? message.embeds : [],
    components: readable ? message.components : [],
    ...(message.stickers.length > 0 ? { sticker_items: message.stickers.map(stickerPayload) } : {}),
    ...reactionFields(world, message, view),
    pinned: message.pinned,
    flags: message.flags,
    ...interactionFields(world, message),
    ...(message.nonce === undefined ? {} : { nonce: message.nonce }),
    ...(thread === undefined ? {} : { thread: threadPayload(world, thread) }),
    ...reply,
  };
}

/** A message of an interaction names who used the command or the component. */
function interactionFields(world: World, { interaction }: Message): Json {
  if (interaction === undefined) return {};
  const { id, type, userId, applicationId } = interaction;
  const user = world.member(userId)?.user;
  const owners = { 0: world.guild.id };
  return {
    application_id: applicationId,
    webhook_id: applicationId,
    interaction_metadata: {
      id,
      type,
      ...(user ? { user: userPayload(user) } : {}),
      authorizing_integration_owners: owners,
    },
  };
}

function mentions({ content, allowedMentions }: Message, userId: string): boolean {
  const { parse = ["users"], users = [] } = allowedMentions ?? {};
  const mayMention = parse.includes("users") || users.includes(userId);
  return mayMention && content.includes(`<@${userId}>`);
}

function replyFields(world: World, message: Message, replyToId: string, view: MessageView): Json {
  const target = world.chat.message(replyToId);
  return {
    type: message.messageType ?? MESSAGE_TYPE_REPLY,
    message_reference: { type: 0, message_id: replyToId, channel_id: message.channelId, guild_id: world.guild.id },
    // null: the message was deleted. A target's own target is not shown.
    referenced_message: target ? messagePayload(world, { ...target, replyToId: undefined }, view) : null,
  };
}

/** Absent if nobody has reacted, as on Discord. */
function reactionFields(world: World, { id }: Message, { viewerId }: MessageView): Json {
  const [ordinary, superOnes] = [world.chat.reactions(id), world.chat.superReactions(id)];
  const reactions = [...new Set([...ordinary.keys(), ...superOnes.keys()])].flatMap((emoji) => {
    const [normal, burst] = [ordinary.get(emoji)?.size ?? 0, superOnes.get(emoji)?.size ?? 0];
    const count = normal + burst;
    const me = {
      me: ordinary.get(emoji)?.has(viewerId) === true,
      me_burst: superOnes.get(emoji)?.has(viewerId) === true,
    };
    const counts = { count, count_details: { burst, normal }, ...me };
    return count === 0 ? [] : [{ emoji: emojiPayload(emoji), ...counts, burst_colors: [] }];
  });
  return reactions.length === 0 ? {} : { reactions };
}

/** On the gateway a message also has the guild and the author's membership. */
export function messageDispatch(world: World, message: Message, view: MessageView): Json {
  const member = world.member(message.author.id);
  return {
    ...messagePayload(world, message, view),
    guild_id: world.guild.id,
    ...(member ? { member: memberFields(member) } : {}),
  };
}

/** In the form of Discord's file addresses: channel, attachment, name. */
function attachmentPayload(message: Message, attachment: CallAttachment, { cdnUrl }: MessageView): Json {
  const { id, filename, contentType, size } = attachment;
  const url = attachment.url ?? `${cdnUrl}/attachments/${message.channelId}/${id}/${encodeURIComponent(filename)}`;
  return {
    id,
    filename,
    ...(contentType === undefined ? {} : { content_type: contentType }),
    size,
    url,
    proxy_url: url,
  };
}

function stickerPayload({ id, name, formatType }: CallSticker): Json {
  return { id, name, format_type: formatType };
}

/** `name:id` is one of the guild's. */
function emojiPayload(emoji: string): Json {
  const custom = /^(.*):(\d+)$/.exec(emoji);
  return custom === null ? { id: null, name: emoji } : { id: custom[2], name: custom[1] };
}

export function messageDeletePayload(world: World, message: Message): Json {
  return { id: message.id, channel_id: message.channelId, guild_id: world.guild.id };
}

export function messageDeleteBulkPayload(world: World, messages: readonly Message[]): Json {
  return { ids: messages.map(({ id }) => id), channel_id: messages[0]?.channelId, guild_id: world.guild.id };
}

export function reactionPayload(world: World, reaction: Reaction): Json {
  const member = world.member(reaction.userId);
  return {
    user_id: reaction.userId,
    channel_id: reaction.message.channelId,
    message_id: reaction.message.id,
    message_author_id: reaction.message.author.id,
    guild_id: world.guild.id,
    ...(member ? { member: memberPayload(member) } : {}),
    emoji: emojiPayload(reaction.emoji),
    burst: reaction.burst === true,
    type: reaction.burst === true ? 1 : 0,
  };
}

/** @param emoji undefined: all of them */
export function reactionsClearPayload(world: World, message: Message, emoji: string | undefined): Json {
  return {
    channel_id: message.channelId,
    message_id: message.id,
    guild_id: world.guild.id,
    ...(emoji === undefined ? {} : { emoji: emojiPayload(emoji) }),
  };
}
