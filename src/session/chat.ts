import * as z from "zod";
import { list } from "./bounded-list.ts";
import { nameForm, snowflake } from "./forms.ts";
import { count } from "./shapes.ts";

/**
 * `chat.jsonl`: one JSON object a line, in the order in which Discord sent them, and notes in between. No line is ever removed or changed: the
 * line of a deletion names the message, and the earlier lines remain.
 */

const time = {
  /** Wall-clock time, ISO 8601. */
  at: z.iso.datetime(),
  /** Milliseconds since the recording began; negative for earlier messages. */
  offsetMs: z.number(),
};

const place = {
  ...time,
  /** The message's id, or the thread's in lines about a thread. */
  id: snowflake,
  /** The channel or thread that the message is in; a thread's parent in lines about a thread. */
  channelId: snowflake.or(z.literal("")),
  /** Read from Discord afterwards, because the gateway was disconnected when it happened. */
  backfilled: z.literal(true).optional(),
};

const author = z.object({
  id: snowflake,
  username: nameForm,
  /** Name in this server: nickname, else global name, else username. */
  displayName: nameForm,
  bot: z.boolean(),
});

const attachment = z.object({
  id: snowflake,
  /** The sender's name for it: a stranger's text, not a path. */
  filename: z.string(),
  contentType: z.string().nullable(),
  /** Null if Discord has not said. */
  bytes: count.nullable(),
  url: z.string(),
});

const sticker = z.object({
  id: snowflake,
  name: z.string(),
  /** Discord's number: 1 PNG, 2 APNG, 3 Lottie, 4 GIF. */
  formatType: z.number().int(),
});

/** As Discord sends it. */
const raw = z.record(z.string(), z.unknown());

const written = {
  content: z.string(),
  attachments: list(attachment),
  embeds: list(raw),
  stickers: list(sticker),
};

const content = {
  ...written,
  pinned: z.boolean(),
  /** When its text was changed last, by Discord's clock. */
  editedAt: z.iso.datetime().nullable(),
  /** The content of a forwarded message. */
  forwarded: list(z.object(written)).optional(),
  poll: raw.optional(),
};

const emoji = {
  /** The character itself, or `name:id` for an emoji of the server's. */
  emoji: z.string(),
};
const reaction = {
  userId: snowflake,
  ...emoji,
  /** A super reaction. Discord counts it separately from ordinary reactions with the same emoji. */
  burst: z.literal(true).optional(),
};

const thread = {
  name: z.string(),
  archived: z.boolean(),
  locked: z.boolean(),
  ownerId: snowflake.nullable(),
};

export const chatEvent = z
  .discriminatedUnion("type", [
    z.object({
      type: z.literal("message.create"),
      ...place,
      author,
      ...content,
      /** The message that this one answers. */
      replyToId: snowflake.nullable(),
      /** The message to which this one refers in any way: a reply, a forward, a pin, a thread start. */
      referenceId: snowflake.nullable(),
      /** When it was sent, by Discord's clock. */
      sentAt: z.iso.datetime(),
      /** Discord's number: 0 by a person, 19 a reply, 7 somebody joined the server, 6 a message was pinned … */
      messageType: z.number().int(),
      /** Written by Discord, not by its author; `messageType` says what it means. */
      system: z.boolean(),
    }),
    z.object({ type: z.literal("message.update"), ...place, author, ...content }),
    z.object({ type: z.literal("message.delete"), ...place }),
    z.object({ type: z.literal("reaction.add"), ...place, ...reaction }),
    z.object({ type: z.literal("reaction.remove"), ...place, ...reaction }),
    /** A moderator removed all reactions at once. */
    z.object({ type: z.literal("reaction.remove_all"), ...place }),
    /** A moderator removed one emoji's reactions at once. */
    z.object({ type: z.literal("reaction.remove_emoji"), ...place, ...emoji }),
    z.object({ type: z.literal("thread.create"), ...place, ...thread }),
    /** A thread that existed at the start, or that is changed. */
    z.object({ type: z.literal("thread.update"), ...place, ...thread }),
    z.object({ type: z.literal("thread.delete"), ...place }),
    /** Somebody noted something about this moment, over the control interface. It is not a message in Discord. */
    z.object({
      type: z.literal("note"),
      ...time,
      text: z.string(),
      /** A name as it was given with the note; null if none was. */
      author: nameForm.nullable(),
    }),
  ])
  .meta({ title: "A line of chat.jsonl" });

export type ChatEvent = z.infer<typeof chatEvent>;
/** A line about something in Discord. */
export type DiscordChatEvent = Exclude<ChatEvent, { type: "note" }>;
export type ChatAuthor = z.infer<typeof author>;
