import type { ChatEvent } from "../session/chat.ts";
import type { PageMessage } from "./page-data.ts";

type Written = Extract<ChatEvent, { type: "message.create" | "message.update" }>;
type Created = Extract<ChatEvent, { type: "message.create" }>;

interface Draft {
  readonly created: Created;
  latest: Written;
  deletedAtMs: number | undefined;
  readonly reactions: Map<string, number>;
}

/** How much of a message stands above an answer to it. */
const QUOTE_CHARACTERS = 80;

/** Discord's numbers for messages of its own, as far as they can be put into words. Discord's "Message Types". */
const SYSTEM_TEXTS: Readonly<Record<number, string>> = {
  6: "pinned a message",
  7: "joined the server",
  8: "boosted the server",
  18: "started a thread",
  21: "started a thread",
};

type Names = ReadonlyMap<string, string>;

/**
 * The chat as it was in the end: each message once, by the time of its sending, with what became of it.
 *
 * @param people who were in the call; they and those who wrote have names where they are mentioned
 */
export function toMessages(
  events: readonly ChatEvent[],
  people: readonly { readonly id: string; readonly displayName: string }[],
): PageMessage[] {
  const drafts = new Map<string, Draft>();
  const threads = new Map<string, string>();
  for (const event of events) {
    if (event.type === "thread.create" || event.type === "thread.update") threads.set(event.id, event.name);
    else if (event.type === "message.create") drafts.set(event.id, newDraft(event));
    else apply(drafts.get(event.id), event);
  }
  const authors = [...drafts.values()].map(({ latest }) => latest.author);
  const names = new Map([...authors, ...people].map(({ id, displayName }) => [id, displayName]));
  return [...drafts.values()]
    .sort((left, right) => left.created.offsetMs - right.created.offsetMs)
    .map((draft) => toMessage(draft, { drafts, threads, names }));
}

function newDraft(created: Created): Draft {
  return { created, latest: created, deletedAtMs: undefined, reactions: new Map() };
}

/** A line about a message from before the recording changes nothing that is shown. */
function apply(draft: Draft | undefined, event: Exclude<ChatEvent, Created>): void {
  if (draft === undefined) return;
  const { reactions } = draft;
  switch (event.type) {
    case "message.update":
      draft.latest = event;
      break;
    case "message.delete":
      draft.deletedAtMs = event.offsetMs;
      break;
    case "reaction.add":
      reactions.set(event.emoji, (reactions.get(event.emoji) ?? 0) + 1);
      break;
    case "reaction.remove":
      reactions.set(event.emoji, (reactions.get(event.emoji) ?? 0) - 1);
      break;
    case "reaction.remove_all":
      reactions.clear();
      break;
    case "reaction.remove_emoji":
      reactions.delete(event.emoji);
      break;
    case "thread.create":
    case "thread.update":
    case "thread.delete":
      break;
  }
}

interface Surroundings {
  readonly drafts: ReadonlyMap<string, Draft>;
  /** By the thread's id, and by the person's. */
  readonly threads: Names;
  readonly names: Names;
}

function toMessage(
  { created, latest, deletedAtMs, reactions }: Draft,
  { drafts, threads, names }: Surroundings,
): PageMessage {
  const answered = created.replyToId === null ? undefined : drafts.get(created.replyToId);
  return {
    offsetMs: created.offsetMs,
    author: latest.author.displayName,
    bot: created.author.bot,
    text: textOf(created, latest, names),
    extras: extrasOf(latest, names),
    replyTo: answered === undefined ? undefined : quote(answered.latest, names),
    thread: threads.get(created.channelId),
    edited: latest.editedAt !== null,
    deletedAtMs,
    reactions: [...reactions].filter(([, count]) => count > 0).map(([emoji, count]) => [nameOfEmoji(emoji), count]),
  };
}

function textOf(created: Created, { content }: Written, names: Names): string {
  if (!created.system) return readable(content, names);
  const words = SYSTEM_TEXTS[created.messageType] ?? "(a message by Discord)";
  return content === "" ? words : `${words}: ${content}`;
}

function extrasOf({ attachments, stickers, embeds, forwarded, poll }: Written, names: Names): string[] {
  return [
    ...(forwarded ?? []).map(({ content }) => `forwarded: ${readable(content, names)}`),
    ...(forwarded ?? []).flatMap((each) => each.attachments.map(describeAttachment)),
    ...attachments.map(describeAttachment),
    ...stickers.map(({ name }) => `sticker: ${name}`),
    ...(poll === undefined ? [] : ["a poll"]),
    ...(embeds.length === 0 ? [] : [embeds.length === 1 ? "an embed" : `${embeds.length} embeds`]),
  ];
}

function describeAttachment({ filename, bytes }: Written["attachments"][number]): string {
  return `file: ${filename} (${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB)`;
}

function quote({ author, content }: Written, names: Names): string {
  const whole = readable(content, names);
  const characters = [...whole];
  const text = characters.length > QUOTE_CHARACTERS ? `${characters.slice(0, QUOTE_CHARACTERS).join("")}…` : whole;
  return `${author.displayName}: ${text}`;
}

/** People and emoji by their names, as Discord shows them; Discord's "Message Formatting". Who is not known keeps the id. */
function readable(content: string, names: Names): string {
  return content
    .replaceAll(/<@!?(\d+)>/g, (mention, id: string) => (names.has(id) ? `@${names.get(id)}` : mention))
    .replaceAll(/<a?:(\w+):\d+>/g, ":$1:");
}

/** An emoji of the server's is `name:id`. */
function nameOfEmoji(emoji: string): string {
  return emoji.replace(/^(\w+):\d+$/, ":$1:");
}
