/** REST: what bots write. https://discord.com/developers/docs/resources/message#create-message */

import type { FastifyInstance, FastifyReply } from "fastify";
import * as z from "zod";
import { memberPayload } from "../gateway/gateway-payloads.ts";
import { messagePayload } from "../gateway/message-payloads.ts";
import { invalidForm } from "../interactions/form-errors.ts";
import {
  changeOf,
  channelMessage,
  contentsOf,
  EMPTY_MESSAGE,
  isEmpty,
  MESSAGE_FLAG,
  messageBody,
} from "../interactions/message-body.ts";
import { editedMessage } from "../world/world-chat.ts";
import {
  caller,
  INVALID_FORM_BODY,
  isVisible,
  MISSING_ACCESS,
  MISSING_PERMISSIONS,
  messageView,
  notFound,
  type Params,
  type RestOptions,
  textPlace,
} from "./rest-requests.ts";

/** The person takes no direct messages of this bot. */
const CANNOT_REACH_USER = { message: "Cannot send messages to this user", code: 50007 };
/** Only the author may edit a message. */
const CANNOT_EDIT = { message: "Cannot edit a message authored by another user", code: 50005 };

/** What a bot may say about its message in a channel. */
const OWN_FLAGS = MESSAGE_FLAG.suppressEmbeds | MESSAGE_FLAG.suppressNotifications;

/** https://discord.com/developers/docs/resources/guild#modify-current-member; null and "" take it away */
const ownMember = z.object({ nick: z.string().max(32).nullable() });

export function postingRoutes(api: FastifyInstance, options: RestOptions): void {
  const { world } = options;

  api.post<Params<"channelId">>("/channels/:channelId/messages", (request, reply) => {
    const { user } = caller(options, request);
    const { channelId } = request.params;
    if (refuseWriting(options, channelId, user.id, reply)) return reply;
    const body = channelMessage.safeParse(request.body);
    if (!body.success) return reply.code(400).send(invalidForm(body.error));
    if (isEmpty(body.data)) return reply.code(400).send(EMPTY_MESSAGE);
    const { nonce, enforce_nonce: once, message_reference: reference, flags } = body.data;
    const view = messageView(options, user.id);
    // With an enforced nonce, the existing message is returned instead of a new one.
    const known = once ? world.chat.messagesBy(user.id).find((message) => message.nonce === nonce) : undefined;
    if (known !== undefined) return messagePayload(world, known, view);
    const posted = world.chat.post({
      ...contentsOf(body.data),
      channelId,
      author: user,
      nonce,
      replyToId: reference?.message_id,
      flags: (flags ?? 0) & OWN_FLAGS,
    });
    return messagePayload(world, posted, view);
  });

  api.patch<Params<"channelId" | "messageId">>("/channels/:channelId/messages/:messageId", (request, reply) => {
    const { user } = caller(options, request);
    const { channelId, messageId } = request.params;
    const message = world.chat.message(messageId);
    if (message?.channelId !== channelId) return notFound(reply, "message");
    if (message.author.id !== user.id) return reply.code(403).send(CANNOT_EDIT);
    const body = messageBody.safeParse(request.body);
    if (!body.success) return reply.code(400).send(invalidForm(body.error));
    const change = changeOf(body.data);
    if (isEmpty(editedMessage(message, change))) return reply.code(400).send(EMPTY_MESSAGE);
    world.chat.edit(messageId, change);
    return messagePayload(world, world.chat.message(messageId) ?? message, messageView(options, user.id));
  });

  api.delete<Params<"channelId" | "messageId">>("/channels/:channelId/messages/:messageId", (request, reply) => {
    const { user } = caller(options, request);
    const { channelId, messageId } = request.params;
    const message = world.chat.message(messageId);
    if (message?.channelId !== channelId) return notFound(reply, "message");
    if (message.author.id !== user.id) return reply.code(403).send(MISSING_PERMISSIONS);
    world.chat.delete(messageId);
    return reply.code(204).send();
  });

  // A parameter, because clients write "@" as "%40" too.
  api.patch<Params<"guildId" | "userId">>("/guilds/:guildId/members/:userId", (request, reply) => {
    const { user } = caller(options, request);
    const { guildId, userId } = request.params;
    if (userId !== "@me") return reply.code(403).send(MISSING_PERMISSIONS);
    if (guildId !== world.guild.id || world.member(user.id) === undefined) return notFound(reply, "guild");
    // A right in the whole guild, denied by the guild's id instead of a channel's.
    if (!world.permissions.has(user.id, guildId, "changeNickname")) return reply.code(403).send(MISSING_PERMISSIONS);
    const body = ownMember.safeParse(request.body);
    if (!body.success) return reply.code(400).send(INVALID_FORM_BODY);
    world.renameMember(user.id, { nick: body.data.nick || null });
    const member = world.member(user.id);
    return member ? memberPayload(member) : notFound(reply, "member");
  });
}

/** @returns whether it has replied that this account may not post there */
function refuseWriting({ world }: RestOptions, channelId: string, userId: string, reply: FastifyReply): boolean {
  const channel = textPlace(world, channelId);
  if (channel === undefined) notFound(reply, "channel");
  else if ("botId" in channel && !world.takesDirectMessages(channel.userId)) reply.code(403).send(CANNOT_REACH_USER);
  else if (!isVisible(world, channel, userId)) reply.code(403).send(MISSING_ACCESS);
  else if (!world.may(userId, channelId, "sendMessages")) reply.code(403).send(MISSING_PERMISSIONS);
  else return false;
  return true;
}
