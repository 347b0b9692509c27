import { EventEmitter } from "node:events";
import type { CallAttachment, CallEmbed, CallSticker, CallUser } from "../../fixture/call-script.ts";
import type { Json } from "../json.ts";
import { compareSnowflakes, createSnowflake } from "./snowflake.ts";

/** Under a text channel, from which it inherits its permissions. */
export interface Thread {
  readonly id: string;
  readonly name: string;
  readonly parentId: string;
  readonly ownerId: string | undefined;
  readonly archived: boolean;
  readonly locked: boolean;
  readonly createdAt: Date;
}

/** Missing fields do not change. */
export interface ThreadChange {
  readonly name?: string | undefined;
  readonly archived?: boolean | undefined;
  readonly locked?: boolean | undefined;
}

export interface Message {
  readonly id: string;
  readonly channelId: string;
  readonly author: CallUser;
  readonly content: string;
  readonly replyToId: string | undefined;
  readonly attachments: readonly CallAttachment[];
  readonly embeds: readonly CallEmbed[];
  readonly stickers: readonly CallSticker[];
  /** Discord's number; undefined for people's messages. */
  readonly messageType: number | undefined;
  /** Rows of buttons, as in Discord's API. */
  readonly components: readonly Json[];
  /** Whom it may mention; undefined means everyone it names. */
  readonly allowedMentions: AllowedMentions | undefined;
  readonly pinned: boolean;
  readonly nonce: string | undefined;
  /** Discord's message flags. */
  readonly flags: number;
  /** The interaction that it answers. */
  readonly interaction: AnsweredInteraction | undefined;
  readonly createdAt: Date;
  readonly editedAt: Date | undefined;
}

export interface AnsweredInteraction {
  readonly id: string;
  /** Discord's number. */
  readonly type: number;
  readonly userId: string;
  readonly applicationId: string;
}

/** https://discord.com/developers/docs/resources/message#allowed-mentions-object */
export interface AllowedMentions {
  /** `users`, `roles`, `everyone`. */
  readonly parse: readonly string[];
  /** Single users, by id. */
  readonly users?: readonly string[] | undefined;
}

export interface Reaction {
  readonly userId: string;
  readonly emoji: string;
  /** A super reaction. It counts separately from an ordinary one with the same emoji. */
  readonly burst?: true | undefined;
  readonly message: Message;
}

export interface NewMessage {
  /** A new id of this moment if it is left out. */
  readonly id?: string;
  readonly channelId: string;
  readonly author: CallUser;
  readonly content: string;
  readonly replyToId?: string | undefined;
  readonly attachments?: readonly CallAttachment[];
  readonly embeds?: readonly CallEmbed[] | undefined;
  readonly stickers?: readonly CallSticker[] | undefined;
  readonly components?: readonly Json[] | undefined;
  readonly allowedMentions?: AllowedMentions | undefined;
  readonly messageType?: number | undefined;
  readonly nonce?: string | undefined;
  readonly flags?: number | undefined;
  readonly interaction?: AnsweredInteraction | undefined;
}

/** Fields missing in an edit do not change. */
export interface MessageEdit {
  readonly content?: string | undefined;
  readonly embeds?: readonly CallEmbed[] | undefined;
  readonly components?: readonly Json[] | undefined;
  readonly flags?: number | undefined;
}

/** Selects a page of a channel's messages, with at most one of the two bounds. */
export interface Page {
  readonly limit: number;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

interface ChatEvents {
  messageCreate: [message: Message];
  messageUpdate: [message: Message];
  messageDelete: [message: Message];
  /** Several of one channel at once. */
  messageDeleteBulk: [messages: readonly Message[]];
  threadCreate: [thread: Thread];
  threadUpdate: [thread: Thread];
  threadDelete: [thread: Thread];
  reactionAdd: [reaction: Reaction];
  reactionRemove: [reaction: Reaction];
  /** All reactions of a message, or all with one emoji. */
  reactionsClear: [message: Message, emoji: string | undefined];
}

/** The contents of a guild's channels: messages, reactions, threads. */
export class WorldChat extends EventEmitter<ChatEvents> {
  readonly #messages = new Map<string, Message>();
  /** By message id: who has reacted, by emoji. */
  readonly #reactions = new Map<string, Map<string, Set<string>>>();
  readonly #superReactions = new Map<string, Map<string, Set<string>>>();
  readonly #threads = new Map<string, Thread>();
  /** By channel id; a deleted message remains the last one, as on Discord. */
  readonly #lastMessageIds = new Map<string, string>();

  /** An attachment of an existing message. */
  attachment(attachmentId: string): CallAttachment | undefined {
    for (const { attachments } of this.#messages.values()) {
      const found = attachments.find(({ id }) => id === attachmentId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  get threads(): readonly Thread[] {
    return [...this.#threads.values()];
  }

  thread(threadId: string): Thread | undefined {
    return this.#threads.get(threadId);
  }

  lastMessageId(channelId: string): string | undefined {
    return this.#lastMessageIds.get(channelId);
  }

  /** Who has reacted to a message, by emoji. */
  reactions(messageId: string): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#reactions.get(messageId) ?? new Map();
  }

  superReactions(messageId: string): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#superReactions.get(messageId) ?? new Map();
  }

  message(messageId: string): Message | undefined {
    return this.#messages.get(messageId);
  }

  post(message: NewMessage): Message {
    const posted = createMessage(message, message.id ?? this.newMessageId());
    this.#messages.set(posted.id, posted);
    const last = this.#lastMessageIds.get(posted.channelId);
    if (last === undefined || compareSnowflakes(last, posted.id) < 0) {
      this.#lastMessageIds.set(posted.channelId, posted.id);
    }
    this.emit("messageCreate", posted);
    return posted;
  }

  edit(messageId: string, edit: MessageEdit): void {
    const message = this.#messages.get(messageId);
    if (message !== undefined) this.#change(messageId, editedMessage(message, edit));
  }

  /** All messages that are not deleted, in the order in which they were posted. */
  get all(): readonly Message[] {
    return [...this.#messages.values()];
  }

  /** A user's messages that are not deleted, oldest first. */
  messagesBy(userId: string): readonly Message[] {
    return this.all.filter(({ author }) => author.id === userId);
  }

  /** This is not an edit, so the time of the last edit does not change. */
  pin(messageId: string, pinned: boolean): void {
    this.#change(messageId, { pinned });
  }

  #change(messageId: string, change: Partial<Message>): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    const changed = { ...message, ...change };
    this.#messages.set(messageId, changed);
    this.emit("messageUpdate", changed);
  }

  delete(messageId: string): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    this.#messages.delete(messageId);
    this.#reactions.delete(messageId);
    this.#superReactions.delete(messageId);
    this.emit("messageDelete", message);
  }

  /** As by a moderation bot: one event for all messages, which are in one channel. */
  deleteAll(messageIds: readonly string[]): void {
    const messages = messageIds.flatMap((id) => this.#messages.get(id) ?? []);
    for (const { id } of messages) {
      this.#messages.delete(id);
      this.#reactions.delete(id);
      this.#superReactions.delete(id);
    }
    if (messages.length > 0) this.emit("messageDeleteBulk", messages);
  }

  react(
    kind: "reactionAdd" | "reactionRemove",
    { id, userId, emoji, burst }: Omit<Reaction, "message"> & { readonly id: string },
  ): void {
    const message = this.#messages.get(id);
    if (message === undefined) return;
    const all = burst === true ? this.#superReactions : this.#reactions;
    const byEmoji = all.get(id) ?? new Map<string, Set<string>>();
    const users = byEmoji.get(emoji) ?? new Set();
    all.set(id, byEmoji.set(emoji, users));
    if (kind === "reactionAdd") users.add(userId);
    else users.delete(userId);
    this.emit(kind, { userId, emoji, burst, message });
  }

  clearReactions(messageId: string, emoji: string | undefined): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    for (const all of [this.#reactions, this.#superReactions]) {
      if (emoji === undefined) all.delete(messageId);
      else all.get(messageId)?.delete(emoji);
    }
    this.emit("reactionsClear", message, emoji);
  }

  startThread(thread: Pick<Thread, "id" | "name" | "parentId"> & { readonly ownerId?: string | undefined }): void {
    const { id, name, parentId, ownerId } = thread;
    const started = { id, name, parentId, ownerId, archived: false, locked: false, createdAt: new Date() };
    this.#threads.set(id, started);
    this.emit("threadCreate", started);
  }

  changeThread(threadId: string, change: ThreadChange): void {
    const thread = this.#threads.get(threadId);
    if (thread === undefined) return;
    const { name = thread.name, archived = thread.archived, locked = thread.locked } = change;
    const changed = { ...thread, name, archived, locked };
    this.#threads.set(threadId, changed);
    this.emit("threadUpdate", changed);
  }

  deleteThread(threadId: string): void {
    const thread = this.#threads.get(threadId);
    if (thread === undefined) return;
    this.#threads.delete(threadId);
    this.emit("threadDelete", thread);
  }

  /** Always newest first: after an id, the oldest of the later ones; before an id, the newest of the earlier ones. */
  messages(channelId: string, { limit, before, after }: Page): readonly Message[] {
    const all = [...this.#messages.values()]
      .filter((message) => message.channelId === channelId)
      .filter(({ id }) => before === undefined || compareSnowflakes(id, before) < 0)
      .filter(({ id }) => after === undefined || compareSnowflakes(id, after) > 0)
      .sort((left, right) => compareSnowflakes(right.id, left.id));
    return after === undefined ? all.slice(0, limit) : all.slice(-limit);
  }

  /** Newer than every other message, even if a fixture's ids lie in the future. */
  newMessageId(): string {
    const created = createSnowflake();
    const newest = [...this.#messages.keys()].sort(compareSnowflakes).at(-1);
    return newest !== undefined && compareSnowflakes(newest, created) >= 0 ? (BigInt(newest) + 1n).toString() : created;
  }
}

/** A message as it is when it is posted. */
export function createMessage(message: NewMessage, id: string): Message {
  return {
    id,
    channelId: message.channelId,
    author: message.author,
    content: message.content,
    replyToId: message.replyToId,
    attachments: message.attachments ?? [],
    embeds: message.embeds ?? [],
    stickers: message.stickers ?? [],
    components: message.components ?? [],
    allowedMentions: message.allowedMentions,
    messageType: message.messageType,
    pinned: false,
    nonce: message.nonce,
    flags: message.flags ?? 0,
    interaction: message.interaction,
    createdAt: new Date(),
    editedAt: undefined,
  };
}

export function editedMessage(message: Message, edit: MessageEdit): Message {
  const { content, embeds, components, flags } = message;
  return {
    ...message,
    content: edit.content ?? content,
    embeds: edit.embeds ?? embeds,
    components: edit.components ?? components,
    flags: edit.flags ?? flags,
    editedAt: new Date(),
  };
}
