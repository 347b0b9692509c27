/** REST: what bots write. https://discord.com/developers/docs/resources/message#create-message */

import type { FastifyInstance, FastifyReply } from "fastify";
import * as z from "zod";
import { memberPayload } from "../gateway/gateway-payloads.ts";
import { components } from "../gateway/message-buttons.ts";
import { messagePayload } from "../gateway/message-payloads.ts";
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

/** Only the author may edit a message. */
const CANNOT_EDIT = { message: "Cannot edit a message authored by another user", code: 50005 };

const content = z.string().min(1).max(2_000);
const allowedMentions = z.object({ parse: z.array(z.enum(["roles", "users", "everyone"])) });
const newMessage = z.object({
  content,
  nonce: z
    .union([z.string(), z.number().transform(String)])
    .pipe(z.string().max(25))
    .optional(),
  enforce_nonce: z.boolean().default(false),
  message_reference: z.object({ message_id: z.string() }).optional(),
  allowed_mentions: allowedMentions.optional(),
  components: components.optional(),
});
const messageEdit = z.object({ content: content.optional(), components: components.optional() });

/** https://discord.com/developers/docs/resources/guild#modify-current-member; null and "" take it away */
const ownMember = z.object({ nick: z.string().max(32).nullable() });

export function postingRoutes(api: FastifyInstance, options: RestOptions): void {
  const { world } = options;

  api.post<Params<"channelId">>("/channels/:channelId/messages", (request, reply) => {
    const { user } = caller(options, request);
    const { channelId } = request.params;
    if (refuseWriting(options, channelId, user.id, reply)) return reply;
    const body = newMessage.safeParse(request.body);
    if (!body.success) return reply.code(400).send(INVALID_FORM_BODY);
    const { nonce, enforce_nonce: once, message_reference: reference, allowed_mentions: mentions, ...rest } = body.data;
    const view = messageView(options, user.id);
    // With an enforced nonce, the existing message is returned instead of a new one.
    const known = once ? world.chat.messagesBy(user.id).find((message) => message.nonce === nonce) : undefined;
    if (known !== undefined) return messagePayload(world, known, view);
    const posted = world.chat.post({
      ...rest,
      channelId,
      author: user,
      nonce,
      replyToId: reference?.message_id,
      allowedMentions: mentions,
    });
    return messagePayload(world, posted, view);
  });

  api.patch<Params<"channelId" | "messageId">>("/channels/:channelId/messages/:messageId", (request, reply) => {
    const { user } = caller(options, request);
    const { channelId, messageId } = request.params;
    const message = world.chat.message(messageId);
    if (message?.channelId !== channelId) return notFound(reply, "message");
    if (message.author.id !== user.id) return reply.code(403).send(CANNOT_EDIT);
    const body = messageEdit.safeParse(request.body);
    if (!body.success) return reply.code(400).send(INVALID_FORM_BODY);
    world.chat.edit(messageId, body.data);
    return messagePayload(world, world.chat.message(messageId) ?? message, messageView(options, user.id));
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
  else if (!isVisible(world, channel, userId)) reply.code(403).send(MISSING_ACCESS);
  else if (!world.may(userId, channelId, "sendMessages")) reply.code(403).send(MISSING_PERMISSIONS);
  else return false;
  return true;
}
