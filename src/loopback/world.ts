/**
 * Who is where and what was written: the one source of truth of this Discord. Everything else shows it (REST,
 * gateway) or follows its changes (gateway, voice).
 */

import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type {
  CallAttachment,
  CallEmbed,
  CallHeader,
  CallSticker,
  CallUser,
  VoiceFlags,
} from "../fixture/call-script.ts";
import type { Json } from "./json.ts";
import { type PermissionName, Permissions } from "./permissions.ts";
import { compareSnowflakes, createSnowflake } from "./snowflake.ts";

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: "voice" | "stage" | "text";
  /** How many may be in it; 0 or left out: any number. */
  readonly userLimit?: number;
}

export interface Member {
  readonly user: CallUser;
  readonly joinedAt: Date;
}

export interface VoiceState {
  readonly member: Member;
  /** null once: in the change that tells of leaving. */
  readonly channelId: string | null;
  readonly sessionId: string;
  readonly flags: VoiceFlags;
}

/** Under a text channel, from which it has its permissions. */
export interface Thread {
  readonly id: string;
  readonly name: string;
  readonly parentId: string;
  readonly ownerId: string | undefined;
  readonly archived: boolean;
  readonly locked: boolean;
  readonly createdAt: Date;
}

/** What is left out stays as it is. */
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
  /** Discord's number; undefined for what people write. */
  readonly messageType: number | undefined;
  /** As Discord has them: rows of buttons. */
  readonly components: readonly Json[];
  /** What its author lets it mention; everything that it names where left out. */
  readonly allowedMentions: AllowedMentions | undefined;
  readonly pinned: boolean;
  readonly nonce: string | undefined;
  readonly createdAt: Date;
  readonly editedAt: Date | undefined;
}

/** https://discord.com/developers/docs/resources/message#allowed-mentions-object */
export interface AllowedMentions {
  /** `users`, `roles`, `everyone`. */
  readonly parse: readonly string[];
}

export interface Reaction {
  readonly userId: string;
  readonly emoji: string;
  readonly message: Message;
}

export interface NewMessage {
  /** A new id of this moment where it is left out. */
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
}

/** What is left out of an edit stays as it is. */
export interface MessageEdit {
  readonly content?: string | undefined;
  readonly embeds?: readonly CallEmbed[] | undefined;
  readonly components?: readonly Json[] | undefined;
}

/** What is left out stays as it is. */
export interface NameChange {
  readonly username?: string | undefined;
  readonly displayName?: string | undefined;
  /** null: none any more. */
  readonly nick?: string | null | undefined;
}

interface WorldEvents {
  memberAdd: [member: Member];
  memberUpdate: [member: Member];
  memberRemove: [member: Member];
  /** It, or somebody's permissions in it. */
  channelUpdate: [channel: Channel];
  channelDelete: [channel: Channel];
  /** Somebody came, left, moved, or changed a flag. */
  voiceState: [state: VoiceState, previousChannelId: string | null];
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
  /** All of a message's, or all with one emoji. */
  reactionsClear: [message: Message, emoji: string | undefined];
}

/** Which page of a channel's messages: at most one of the two bounds. */
export interface Page {
  readonly limit: number;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

export class World extends EventEmitter<WorldEvents> {
  readonly guild: { readonly id: string; readonly name: string };
  readonly ownerId = createSnowflake();
  readonly permissions = new Permissions();
  readonly #channels: Map<string, Channel>;
  readonly #members = new Map<string, Member>();
  readonly #voiceStates = new Map<string, VoiceState>();
  /** What moderators have set: it stays when somebody leaves voice, and comes back with them. */
  readonly #moderation = new Map<string, Pick<VoiceFlags, "mute" | "deaf">>();
  readonly #messages = new Map<string, Message>();
  /** By message id: who has reacted, by emoji. */
  readonly #reactions = new Map<string, Map<string, Set<string>>>();
  readonly #threads = new Map<string, Thread>();
  /** By channel id; a message that was deleted stays the last one, as on Discord. */
  readonly #lastMessageIds = new Map<string, string>();

  constructor(header: CallHeader) {
    super();
    this.guild = header.guild;
    const others = header.otherChannels.map((channel): Channel => ({ ...channel, kind: "voice" }));
    const text: Channel[] = header.textChannel ? [{ ...header.textChannel, kind: "text" }] : [];
    this.#channels = new Map([header.channel, ...others, ...text].map((channel) => [channel.id, channel]));
  }

  get channels(): ReadonlyMap<string, Channel> {
    return this.#channels;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  get voiceStates(): readonly VoiceState[] {
    return [...this.#voiceStates.values()];
  }

  member(userId: string): Member | undefined {
    return this.#members.get(userId);
  }

  voiceState(userId: string): VoiceState | undefined {
    return this.#voiceStates.get(userId);
  }

  /** An attachment of a message that is there. */
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

  message(messageId: string): Message | undefined {
    return this.#messages.get(messageId);
  }

  addMember(user: CallUser): Member {
    const known = this.#members.get(user.id);
    if (known !== undefined) return known;
    const member = { user, joinedAt: new Date() };
    this.#members.set(user.id, member);
    this.emit("memberAdd", member);
    return member;
  }

  /** Their voice state has the new names from its next change on: as on Discord, a name is no change of it. */
  renameMember(userId: string, change: NameChange): void {
    const member = this.#members.get(userId);
    if (member === undefined) return;
    const { username = member.user.username, displayName = member.user.displayName, nick = member.user.nick } = change;
    const renamed = { ...member, user: { ...member.user, username, displayName, nick: nick ?? undefined } };
    this.#members.set(userId, renamed);
    const state = this.#voiceStates.get(userId);
    if (state !== undefined) this.#voiceStates.set(userId, { ...state, member: renamed });
    this.emit("memberUpdate", renamed);
  }

  /** Out of the guild, and so out of voice. */
  removeMember(userId: string): void {
    const member = this.#members.get(userId);
    if (member === undefined) return;
    this.#members.delete(userId);
    this.emit("memberRemove", member);
    this.leaveVoice(userId);
  }

  limitUsers(channelId: string, userLimit: number): void {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) return;
    const limited = { ...channel, userLimit };
    this.#channels.set(channelId, limited);
    this.emit("channelUpdate", limited);
  }

  /**
   * Denies a member these permissions in a channel, and no other ones. Who is in it stays there, as on Discord. What
   * holds in the whole guild, as to change one's nickname, is denied by the guild's id.
   */
  deny(userId: string, channelId: string, names: readonly PermissionName[]): void {
    this.permissions.deny(userId, channelId, names);
    const channel = this.#channels.get(channelId);
    if (channel !== undefined) this.emit("channelUpdate", channel);
  }

  /** By permission, or by being in it. https://discord.com/developers/docs/topics/permissions#channel-visibility */
  canSee(userId: string, channelId: string): boolean {
    const isInIt = this.#voiceStates.get(userId)?.channelId === channelId;
    return isInIt || this.may(userId, channelId, "viewChannel");
  }

  /** A thread's permissions are its parent's. */
  may(userId: string, channelId: string, name: PermissionName): boolean {
    return this.permissions.has(userId, this.#threads.get(channelId)?.parentId ?? channelId, name);
  }

  /** Whether a member may join a voice channel: sees it, may connect, and there is room, or is in it already. */
  canJoin(userId: string, channelId: string): boolean {
    const inIt = this.voiceStates.filter((state) => state.channelId === channelId);
    if (inIt.some(({ member }) => member.user.id === userId)) return true;
    const { userLimit = 0 } = this.#channels.get(channelId) ?? {};
    const isFull = userLimit > 0 && inIt.length >= userLimit;
    return !isFull && this.canSee(userId, channelId) && this.permissions.has(userId, channelId, "connect");
  }

  /** Whoever is in it, is out of voice. */
  deleteChannel(channelId: string): void {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) return;
    this.#channels.delete(channelId);
    this.emit("channelDelete", channel);
    for (const state of this.voiceStates) if (state.channelId === channelId) this.leaveVoice(state.member.user.id);
  }

  /** Puts a member into a voice channel, moves it there, or changes its flags. Flags left out stay as they are. */
  enterVoice(
    member: Member,
    channelId: string,
    change: { readonly sessionId?: string | undefined; readonly flags?: VoiceFlags | undefined } = {},
  ): VoiceState {
    const previous = this.#voiceStates.get(member.user.id);
    const state: VoiceState = {
      member,
      channelId,
      sessionId: change.sessionId ?? previous?.sessionId ?? randomBytes(16).toString("hex"),
      flags: { ...previous?.flags, ...change.flags, ...this.#moderation.get(member.user.id) },
    };
    this.#voiceStates.set(member.user.id, state);
    this.emit("voiceState", state, previous?.channelId ?? null);
    return state;
  }

  /** Mutes or deafens somebody for everybody, or no longer. */
  moderate(userId: string, flags: Pick<VoiceFlags, "mute" | "deaf">): void {
    this.#moderation.set(userId, { ...this.#moderation.get(userId), ...flags });
    this.changeFlags(userId, {});
  }

  /** Nothing where they are not in voice. */
  changeFlags(userId: string, flags: VoiceFlags): void {
    const state = this.#voiceStates.get(userId);
    if (state?.channelId) this.enterVoice(state.member, state.channelId, { flags });
  }

  leaveVoice(userId: string): void {
    const previous = this.#voiceStates.get(userId);
    if (previous === undefined) return;
    this.#voiceStates.delete(userId);
    this.emit("voiceState", { ...previous, channelId: null }, previous.channelId);
  }

  postMessage(message: NewMessage): Message {
    const posted: Message = {
      id: message.id ?? this.#newMessageId(),
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
      createdAt: new Date(),
      editedAt: undefined,
    };
    this.#messages.set(posted.id, posted);
    const last = this.#lastMessageIds.get(posted.channelId);
    if (last === undefined || compareSnowflakes(last, posted.id) < 0) {
      this.#lastMessageIds.set(posted.channelId, posted.id);
    }
    this.emit("messageCreate", posted);
    return posted;
  }

  editMessage(messageId: string, edit: MessageEdit): void {
    const { content, embeds, components } = edit;
    this.#changeMessage(messageId, {
      ...(content === undefined ? {} : { content }),
      ...(embeds === undefined ? {} : { embeds }),
      ...(components === undefined ? {} : { components }),
      editedAt: new Date(),
    });
  }

  /** What somebody has written and not deleted, oldest first. */
  messagesBy(userId: string): readonly Message[] {
    return [...this.#messages.values()].filter(({ author }) => author.id === userId);
  }

  /** No edit: the time of the last one stays. */
  pinMessage(messageId: string, pinned: boolean): void {
    this.#changeMessage(messageId, { pinned });
  }

  #changeMessage(messageId: string, change: Partial<Message>): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    const changed = { ...message, ...change };
    this.#messages.set(messageId, changed);
    this.emit("messageUpdate", changed);
  }

  deleteMessage(messageId: string): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    this.#messages.delete(messageId);
    this.#reactions.delete(messageId);
    this.emit("messageDelete", message);
  }

  /** As a moderation bot does it: one event for all, which are in one channel. */
  deleteMessages(messageIds: readonly string[]): void {
    const messages = messageIds.flatMap((id) => this.#messages.get(id) ?? []);
    for (const { id } of messages) {
      this.#messages.delete(id);
      this.#reactions.delete(id);
    }
    if (messages.length > 0) this.emit("messageDeleteBulk", messages);
  }

  react(kind: "reactionAdd" | "reactionRemove", messageId: string, userId: string, emoji: string): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    const byEmoji = this.#reactions.get(messageId) ?? new Map<string, Set<string>>();
    const users = byEmoji.get(emoji) ?? new Set();
    this.#reactions.set(messageId, byEmoji.set(emoji, users));
    if (kind === "reactionAdd") users.add(userId);
    else users.delete(userId);
    this.emit(kind, { userId, emoji, message });
  }

  clearReactions(messageId: string, emoji: string | undefined): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    if (emoji === undefined) this.#reactions.delete(messageId);
    else this.#reactions.get(messageId)?.delete(emoji);
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

  /** Newest first, whichever way the page lies: after an id come the oldest ones after it, before an id the newest. */
  messages(channelId: string, { limit, before, after }: Page): readonly Message[] {
    const all = [...this.#messages.values()]
      .filter((message) => message.channelId === channelId)
      .filter(({ id }) => before === undefined || compareSnowflakes(id, before) < 0)
      .filter(({ id }) => after === undefined || compareSnowflakes(id, after) > 0)
      .sort((left, right) => compareSnowflakes(right.id, left.id));
    return after === undefined ? all.slice(0, limit) : all.slice(-limit);
  }

  /** Newer than every message there is, also where a fixture's ids lie in the future. */
  #newMessageId(): string {
    const created = createSnowflake();
    const newest = [...this.#messages.keys()].sort(compareSnowflakes).at(-1);
    return newest !== undefined && compareSnowflakes(newest, created) >= 0 ? (BigInt(newest) + 1n).toString() : created;
  }
}
