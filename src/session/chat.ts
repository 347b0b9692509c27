import { z } from "zod";

/**
 * `chat.jsonl`: one JSON object a line, in the order in which Discord told of them. Nothing is ever taken back: a
 * delete names its message and leaves the earlier lines as they are.
 */

const place = {
  /** Wall-clock time, ISO 8601. */
  at: z.iso.datetime(),
  /** Milliseconds since the recording began; negative for messages from before. */
  offsetMs: z.number(),
  /** The message's id. */
  id: z.string(),
  channelId: z.string(),
};

const author = z.object({
  id: z.string(),
  username: z.string(),
  /** Name in this server: nickname, else global name, else username. */
  displayName: z.string(),
  bot: z.boolean(),
});

const attachment = z.object({
  id: z.string(),
  filename: z.string(),
  contentType: z.string().nullable(),
  bytes: z.number().int(),
  url: z.string(),
});

const content = {
  content: z.string(),
  attachments: z.array(attachment),
  /** As Discord sends them. */
  embeds: z.array(z.record(z.string(), z.unknown())),
};

const reaction = {
  userId: z.string(),
  /** The character itself, or `name:id` for an emoji of the server's. */
  emoji: z.string(),
};

export const chatEvent = z
  .discriminatedUnion("type", [
    z.object({
      type: z.literal("message.create"),
      ...place,
      author,
      ...content,
      replyToId: z.string().nullable(),
    }),
    z.object({ type: z.literal("message.update"), ...place, author, ...content }),
    z.object({ type: z.literal("message.delete"), ...place }),
    z.object({ type: z.literal("reaction.add"), ...place, ...reaction }),
    z.object({ type: z.literal("reaction.remove"), ...place, ...reaction }),
  ])
  .meta({ title: "A line of chat.jsonl" });

export type ChatEvent = z.infer<typeof chatEvent>;
export type ChatAuthor = z.infer<typeof author>;
