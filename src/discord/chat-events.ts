import type {
  APIMessage,
  GatewayMessageDeleteDispatchData,
  GatewayMessageReactionAddDispatchData,
} from "discord-api-types/v10";
import { MessageReferenceType } from "discord-api-types/v10";
import type { ChatEventBody } from "../recording/ports.ts";
import type { ChatAuthor } from "../session/chat.ts";
import { personOf, personOfUser } from "./roster.ts";

/**
 * Discord's message dispatches as lines of `chat.jsonl`.
 */

type Member = Parameters<typeof personOf>[0];
/** A message as dispatched: with the author's membership, and in updates possibly incomplete. */
export type DispatchedMessage = Partial<APIMessage> &
  Pick<APIMessage, "id" | "channel_id"> & { readonly member?: Omit<Member, "user"> };
type Reaction = Pick<GatewayMessageReactionAddDispatchData, "user_id" | "message_id" | "channel_id" | "emoji">;

/** @returns undefined where the dispatch has no content to capture, as when only a preview was added */
export function messageCreated(message: DispatchedMessage): ChatEventBody | undefined {
  const body = bodyOf(message);
  if (body === undefined) return undefined;
  return { type: "message.create", ...body, replyToId: replyTarget(message) };
}

export function messageUpdated(message: DispatchedMessage): ChatEventBody | undefined {
  const body = bodyOf(message);
  return body === undefined ? undefined : { type: "message.update", ...body };
}

export function messageDeleted({ id, channel_id }: GatewayMessageDeleteDispatchData): ChatEventBody {
  return { type: "message.delete", id, channelId: channel_id };
}

export function reactionChanged(type: "reaction.add" | "reaction.remove", reaction: Reaction): ChatEventBody {
  const { message_id, channel_id, user_id, emoji } = reaction;
  const shown = emoji.id === null ? (emoji.name ?? "") : `${emoji.name ?? ""}:${emoji.id}`;
  return { type, id: message_id, channelId: channel_id, userId: user_id, emoji: shown };
}

function bodyOf(message: DispatchedMessage) {
  if (message.author === undefined || message.content === undefined) return undefined;
  return {
    id: message.id,
    channelId: message.channel_id,
    author: authorOf(message.author, message.member),
    content: message.content,
    attachments: (message.attachments ?? []).map((attachment) => ({
      id: attachment.id,
      filename: attachment.filename,
      contentType: attachment.content_type ?? null,
      bytes: attachment.size,
      url: attachment.url,
    })),
    embeds: (message.embeds ?? []).map((embed) => ({ ...embed })),
  };
}

function authorOf(user: APIMessage["author"], member: DispatchedMessage["member"]): ChatAuthor {
  return member === undefined ? personOfUser(user) : personOf({ ...member, user });
}

/** A forward refers to a message too, but does not answer it. */
function replyTarget({ message_reference: reference }: DispatchedMessage): string | null {
  if (reference === undefined || reference.type === MessageReferenceType.Forward) return null;
  return reference.message_id ?? null;
}
