import {
  type APIAttachment,
  type APIMessage,
  type APIStickerItem,
  type APIThreadChannel,
  type GatewayMessageDeleteDispatchData,
  MessageReferenceType,
  MessageType,
} from "discord-api-types/v10";
import type { ChatEventBody } from "../../recording/ports/chat.ts";
import type { ChatAuthor } from "../../session/chat.ts";
import { type Member, personOf, personOfUser } from "../guild/roster.ts";

/** Converts Discord's messages, reactions and threads to lines of `chat.jsonl`. */

/** A message as dispatched: with the author's membership, and possibly incomplete in updates. */
export type DispatchedMessage = Partial<APIMessage> &
  Pick<APIMessage, "id" | "channel_id"> & { readonly member?: Omit<Member, "user"> };

export type MessageCreated = ChatEventBody & { readonly type: "message.create" };
export type MessageUpdated = ChatEventBody & { readonly type: "message.update" };
/** The content of a message, common to both kinds of lines. */
export type MessageBody = Omit<MessageUpdated, "type" | "backfilled">;
export type ThreadLine = ChatEventBody & { readonly type: "thread.create" | "thread.update" };

/** An emoji in reactions and messages. */
export interface Emoji {
  readonly id: string | null;
  readonly name: string | null;
}

/** The common fields of a reaction's dispatches. */
export interface Reaction {
  readonly user_id: string;
  readonly message_id: string;
  readonly channel_id: string;
  readonly emoji: Emoji;
  /** Whether it is a super reaction. */
  readonly burst?: boolean;
}

/** Types that people write; all others are Discord's own, such as "joined the server" or "pinned a message". */
const WRITTEN_BY_PEOPLE: ReadonlySet<number> = new Set([
  MessageType.Default,
  MessageType.Reply,
  MessageType.ChatInputCommand,
  MessageType.ContextMenuCommand,
]);

/** @returns undefined if it lacks a field that every message has */
export function messageCreated(message: DispatchedMessage): MessageCreated | undefined {
  const body = bodyOf(message, undefined);
  if (body === undefined || message.timestamp === undefined) return undefined;
  const messageType = message.type ?? MessageType.Default;
  const reference = message.message_reference;
  // Pins, thread starts and forwards also refer to a message, but are not replies.
  const isReply = messageType === MessageType.Reply && reference?.type !== MessageReferenceType.Forward;
  return {
    type: "message.create",
    ...body,
    replyToId: isReply ? (reference?.message_id ?? null) : null,
    referenceId: reference?.message_id ?? null,
    sentAt: isoTime(message.timestamp),
    messageType,
    system: !WRITTEN_BY_PEOPLE.has(messageType),
  };
}

/**
 * @param known the message's earlier content, because an update may contain only changes
 * @returns undefined if author or content is unknown
 */
export function messageUpdated(message: DispatchedMessage, known?: MessageBody): MessageUpdated | undefined {
  const body = bodyOf(message, known);
  return body === undefined ? undefined : { type: "message.update", ...body };
}

export function messageDeleted({ id, channel_id }: GatewayMessageDeleteDispatchData): ChatEventBody {
  return { type: "message.delete", id, channelId: channel_id };
}

export function reactionChanged(type: "reaction.add" | "reaction.remove", reaction: Reaction): ChatEventBody {
  const { message_id, channel_id, user_id, emoji, burst } = reaction;
  return {
    type,
    id: message_id,
    channelId: channel_id,
    userId: user_id,
    emoji: emojiText(emoji),
    ...(burst === true ? { burst } : {}),
  };
}

/** The character itself, or `name:id`, as in Discord's REST paths. */
export function emojiText({ id, name }: Emoji): string {
  return id === null ? (name ?? "") : `${name ?? ""}:${id}`;
}

export function threadLine(type: ThreadLine["type"], thread: APIThreadChannel): ThreadLine {
  return {
    type,
    id: thread.id,
    channelId: thread.parent_id ?? "",
    name: thread.name,
    archived: thread.thread_metadata?.archived ?? false,
    locked: thread.thread_metadata?.locked ?? false,
    ownerId: thread.owner_id ?? null,
  };
}

function bodyOf(message: DispatchedMessage, known: MessageBody | undefined): MessageBody | undefined {
  const author = message.author === undefined ? known?.author : authorOf(message.author, message.member, known);
  const content = message.content ?? known?.content;
  if (author === undefined || content === undefined) return undefined;
  const forwarded = message.message_snapshots?.map((snapshot) => writtenOf(snapshot.message)) ?? known?.forwarded;
  const poll = message.poll === undefined ? known?.poll : { ...message.poll };
  return {
    id: message.id,
    channelId: message.channel_id,
    author,
    ...writtenOf({ ...message, content }, known),
    pinned: message.pinned ?? known?.pinned ?? false,
    editedAt: message.edited_timestamp === undefined ? (known?.editedAt ?? null) : isoOrNull(message.edited_timestamp),
    ...(forwarded === undefined ? {} : { forwarded }),
    ...(poll === undefined ? {} : { poll }),
  };
}

type Written = Pick<MessageBody, "content" | "attachments" | "embeds" | "stickers">;

function writtenOf(message: Partial<APIMessage>, known?: Written): Written {
  return {
    content: message.content ?? "",
    attachments: message.attachments?.map(attachmentOf) ?? known?.attachments ?? [],
    embeds: message.embeds?.map((embed) => ({ ...embed })) ?? known?.embeds ?? [],
    stickers: message.sticker_items?.map(stickerOf) ?? known?.stickers ?? [],
  };
}

function attachmentOf(attachment: APIAttachment) {
  const { id, filename, content_type, size, url } = attachment;
  return { id, filename, contentType: content_type ?? null, bytes: isSize(size) ? size : null, url };
}

function stickerOf({ id, name, format_type }: APIStickerItem) {
  return { id, name, formatType: format_type };
}

/** An update over REST lacks the author's membership, so the known name is kept. */
function authorOf(
  user: APIMessage["author"],
  member: DispatchedMessage["member"],
  known: MessageBody | undefined,
): ChatAuthor {
  if (member !== undefined) return personOf({ ...member, user });
  return known?.author.id === user.id ? known.author : personOfUser(user);
}

/** Discord writes `+00:00`; the lines have `Z`. */
function isoTime(timestamp: string): string {
  return new Date(timestamp).toISOString();
}

function isoOrNull(timestamp: string | null): string | null {
  return timestamp === null ? null : isoTime(timestamp);
}

function isSize(size: unknown): boolean {
  return typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
}
