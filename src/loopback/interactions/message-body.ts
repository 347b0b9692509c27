/** What Discord accepts as a message, whether it is posted, answers an interaction, or replaces another one. */

import * as z from "zod";
import { components } from "./message-components.ts";

/** https://discord.com/developers/docs/resources/message#message-object-message-flags */
export const MESSAGE_FLAG = {
  suppressEmbeds: 1 << 2,
  ephemeral: 1 << 6,
  loading: 1 << 7,
  suppressNotifications: 1 << 12,
};

const MAX_EMBEDS = 10;
/** The texts in a message's embeds have at most so many together. */
const MAX_EMBED_CHARACTERS = 6_000;

const address = z.url({ protocol: /^(https?|attachment)$/ }).max(2_048);
/** https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const embed = z.object({
  title: z.string().max(256).optional(),
  type: z.string().optional(),
  description: z.string().max(4_096).optional(),
  url: address.optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  color: z.number().int().min(0).max(0xffffff).nullish(),
  footer: z.object({ text: z.string().min(1).max(2_048), icon_url: address.optional() }).optional(),
  image: z.object({ url: address }).optional(),
  thumbnail: z.object({ url: address }).optional(),
  author: z
    .object({ name: z.string().min(1).max(256), url: address.optional(), icon_url: address.optional() })
    .optional(),
  fields: z
    .array(
      z.object({
        name: z.string().min(1).max(256),
        value: z.string().min(1).max(1_024),
        inline: z.boolean().optional(),
      }),
    )
    .max(25)
    .optional(),
});

const embeds = z
  .array(embed)
  .max(MAX_EMBEDS)
  .refine((all) => all.reduce((sum, one) => sum + charactersOf(one), 0) <= MAX_EMBED_CHARACTERS, {
    message: `Embed size exceeds maximum size of ${MAX_EMBED_CHARACTERS}`,
  });

function charactersOf({ title = "", description = "", footer, author, fields = [] }: z.infer<typeof embed>): number {
  const texts = [title, description, footer?.text ?? "", author?.name ?? ""];
  return [...texts, ...fields.flatMap(({ name, value }) => [name, value])].join("").length;
}

const allowedMentions = z.object({
  parse: z.array(z.enum(["roles", "users", "everyone"])).default([]),
  users: z.array(z.string()).max(100).optional(),
  roles: z.array(z.string()).max(100).optional(),
  replied_user: z.boolean().optional(),
});

const fields = {
  content: z.string().max(2_000).nullish(),
  embeds: embeds.nullish(),
  components: components.nullish(),
  allowed_mentions: allowedMentions.nullish(),
  flags: z.number().int().min(0).nullish(),
};
export const messageBody = z.object(fields);
export type MessageBody = z.infer<typeof messageBody>;

/** A message that somebody posts in a channel. */
export const channelMessage = z.object({
  ...fields,
  nonce: z
    .union([z.string(), z.number().transform(String)])
    .pipe(z.string().max(25))
    .optional(),
  enforce_nonce: z.boolean().default(false),
  message_reference: z.object({ message_id: z.string() }).nullish(),
});

export const EMPTY_MESSAGE = { message: "Cannot send an empty message", code: 50006 };

/** Whether nothing of it could be shown. */
export function isEmpty({
  content,
  embeds: shown,
  components: rows,
}: {
  readonly content?: string | null | undefined;
  readonly embeds?: readonly unknown[] | null | undefined;
  readonly components?: readonly unknown[] | null | undefined;
}): boolean {
  return !content && (shown ?? []).length === 0 && (rows ?? []).length === 0;
}

/** A new message's texts and components. */
export function contentsOf({ content, embeds: shown, components: rows, allowed_mentions: mentions }: MessageBody) {
  return {
    content: content ?? "",
    embeds: shown ?? [],
    components: rows ?? [],
    allowedMentions: mentions ?? undefined,
  };
}

/** An edit: missing fields do not change, and null empties one. */
export function changeOf({ content, embeds: shown, components: rows }: MessageBody) {
  return {
    ...(content === undefined ? {} : { content: content ?? "" }),
    ...(shown === undefined ? {} : { embeds: shown ?? [] }),
    ...(rows === undefined ? {} : { components: rows ?? [] }),
  };
}
