import type { ChatEvent } from "../session/chat.ts";
import type { PageMessage } from "./page-data.ts";

type Written = Extract<ChatEvent, { type: "message.create" | "message.update" }>;
type Created = Extract<ChatEvent, { type: "message.create" }>;
type Note = Extract<ChatEvent, { type: "note" }>;

interface Draft {
  readonly created: Created;
  latest: Written;
  deletedAtMs: number | undefined;
  /** By `reactionKey`. */
  readonly reactions: Map<string, number>;
}

/** Discord's numbers for its own messages, with a description of each. Discord's "Message Types". */
const SYSTEM_TEXTS: Readonly<Record<number, string>> = {
  6: "pinned a message",
  7: "joined the server",
  8: "boosted the server",
  18: "started a thread",
  21: "started a thread",
};

export interface MessagesOptions {
  /** Whether the page contains the text of deleted messages. */
  readonly showDeleted: boolean;
}

/** The final chat: each message once, in order of sending, with its final state. */
export function toMessages(events: readonly ChatEvent[], { showDeleted }: MessagesOptions): PageMessage[] {
  const drafts = new Map<string, Draft>();
  const notes: Note[] = [];
  const threads = new Map<string, string>();
  for (const event of events) {
    if (event.type === "thread.create" || event.type === "thread.update") threads.set(event.id, event.name);
    else if (event.type === "message.create") drafts.set(event.id, newDraft(event));
    else if (event.type === "note") notes.push(event);
    else apply(drafts.get(event.id), event);
  }
  const inOrder = [...drafts.values(), ...notes].sort((left, right) => momentOf(left) - momentOf(right));
  const indexes = new Map(inOrder.map((shown, index) => ["created" in shown ? shown.created.id : "", index]));
  return inOrder.map((shown) => {
    if (!("created" in shown)) return noteOf(shown);
    const draft = shown;
    const { created, latest, deletedAtMs } = draft;
    return {
      offsetMs: created.offsetMs,
      author: latest.author.displayName,
      bot: created.author.bot,
      note: false,
      ...(deletedAtMs === undefined || showDeleted ? contentOf(draft) : NO_CONTENT),
      replyTo: created.replyToId === null ? undefined : indexes.get(created.replyToId),
      thread: threads.get(created.channelId),
      edited: latest.editedAt !== null,
      deletedAtMs,
    };
  });
}

function momentOf(shown: Draft | Note): number {
  return "created" in shown ? shown.created.offsetMs : shown.offsetMs;
}

function noteOf({ offsetMs, author, text }: Note): PageMessage {
  return {
    ...{ offsetMs, author: author ?? "Note", bot: false, note: true },
    ...NO_CONTENT,
    ...{ text, replyTo: undefined, thread: undefined, edited: false, deletedAtMs: undefined },
  };
}

function newDraft(created: Created): Draft {
  return { created, latest: created, deletedAtMs: undefined, reactions: new Map() };
}

/** A line about a message from before the recording does not change the page. */
function apply(draft: Draft | undefined, event: Exclude<ChatEvent, Created | Note>): void {
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
      reactions.set(reactionKey(event), (reactions.get(reactionKey(event)) ?? 0) + 1);
      break;
    case "reaction.remove":
      reactions.set(reactionKey(event), (reactions.get(reactionKey(event)) ?? 0) - 1);
      break;
    case "reaction.remove_all":
      reactions.clear();
      break;
    case "reaction.remove_emoji":
      reactions.delete(event.emoji);
      reactions.delete(reactionKey({ ...event, burst: true }));
      break;
    case "thread.create":
    case "thread.update":
    case "thread.delete":
      break;
  }
}

/** The key for showing and counting a reaction; super reactions are separate from ordinary ones. */
function reactionKey({ emoji, burst }: { readonly emoji: string; readonly burst?: true | undefined }): string {
  return burst === true ? `super ${emoji}` : emoji;
}

type Content = Pick<PageMessage, "text" | "forwarded" | "extras" | "reactions">;

const NO_CONTENT: Content = { text: "", forwarded: [], extras: [], reactions: [] };

function contentOf({ created, latest, reactions }: Draft): Content {
  return {
    text: textOf(created, latest),
    forwarded: (latest.forwarded ?? []).map(({ content }) => content),
    extras: extrasOf(latest),
    reactions: [...reactions].filter(([, count]) => count > 0).map(([emoji, count]) => [nameOfEmoji(emoji), count]),
  };
}

function textOf(created: Created, { content }: Written): string {
  if (!created.system) return content;
  const words = SYSTEM_TEXTS[created.messageType] ?? "(a message by Discord)";
  return content === "" ? words : `${words}: ${content}`;
}

function extrasOf({ attachments, stickers, embeds, forwarded, poll }: Written): string[] {
  return [
    ...(forwarded ?? []).flatMap((each) => each.attachments.map(describeAttachment)),
    ...attachments.map(describeAttachment),
    ...stickers.map(({ name }) => `sticker: ${name}`),
    ...(poll === undefined ? [] : ["a poll"]),
    ...(embeds.length === 0 ? [] : [embeds.length === 1 ? "an embed" : `${embeds.length} embeds`]),
  ];
}

function describeAttachment({ filename, bytes }: Written["attachments"][number]): string {
  if (bytes === null) return `file: ${filename}`;
  return `file: ${filename} (${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB)`;
}

/** An emoji of the server's is `name:id`. */
function nameOfEmoji(emoji: string): string {
  return emoji.replace(/(\w+):\d+$/, ":$1:");
}
