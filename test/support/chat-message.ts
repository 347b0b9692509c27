import type { ChatEventBody } from "../../src/recording/ports/chat.ts";
import type { ChatAuthor } from "../../src/session/chat.ts";

type Created = ChatEventBody & { readonly type: "message.create" };
type Updated = ChatEventBody & { readonly type: "message.update" };

const SENT_AT = "2026-01-01T00:00:05.000Z";

/** An ordinary message. */
export function chatMessage(
  place: { readonly id: string; readonly channelId: string },
  author: ChatAuthor,
  more: Partial<Created> = {},
): Created {
  const nothing = { attachments: [], embeds: [], stickers: [], pinned: false, editedAt: null };
  const kind = { replyToId: null, referenceId: null, messageType: 0, system: false };
  return { type: "message.create", ...place, author, content: "hello", ...nothing, ...kind, sentAt: SENT_AT, ...more };
}

/** The same message with something changed. */
export function chatUpdate(message: Created, change: Partial<Updated>): Updated {
  const { id, channelId, author, content, attachments, embeds, stickers, pinned, editedAt } = message;
  const same = { id, channelId, author, content, attachments, embeds, stickers, pinned, editedAt };
  return { ...same, ...change, type: "message.update" };
}
