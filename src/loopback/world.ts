/**
 * Who is where and what was written: the one source of truth of this Discord. Everything else shows it (REST,
 * gateway) or follows its changes (gateway, voice).
 */

import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { CallAttachment, CallHeader, CallUser, VoiceFlags } from "../fixture/call-script.ts";
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

export interface Message {
  readonly id: string;
  readonly channelId: string;
  readonly author: CallUser;
  readonly content: string;
  readonly replyToId: string | undefined;
  readonly attachments: readonly CallAttachment[];
  readonly nonce: string | undefined;
  readonly createdAt: Date;
  readonly editedAt: Date | undefined;
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
  readonly nonce?: string | undefined;
}

interface WorldEvents {
  memberAdd: [member: Member];
  memberRemove: [member: Member];
  /** It, or somebody's permissions in it. */
  channelUpdate: [channel: Channel];
  channelDelete: [channel: Channel];
  /** Somebody came, left, moved, or changed a flag. */
  voiceState: [state: VoiceState, previousChannelId: string | null];
  messageCreate: [message: Message];
  messageUpdate: [message: Message];
  messageDelete: [message: Message];
  reactionAdd: [reaction: Reaction];
  reactionRemove: [reaction: Reaction];
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

  /** Denies a member these permissions in a channel, and no other ones. Who is in it stays there, as on Discord. */
  deny(userId: string, channelId: string, names: readonly PermissionName[]): void {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) return;
    this.permissions.deny(userId, channelId, names);
    this.emit("channelUpdate", channel);
  }

  /** By permission, or by being in it. https://discord.com/developers/docs/topics/permissions#channel-visibility */
  canSee(userId: string, channelId: string): boolean {
    const isInIt = this.#voiceStates.get(userId)?.channelId === channelId;
    return isInIt || this.permissions.has(userId, channelId, "viewChannel");
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
      nonce: message.nonce,
      createdAt: new Date(),
      editedAt: undefined,
    };
    this.#messages.set(posted.id, posted);
    this.emit("messageCreate", posted);
    return posted;
  }

  editMessage(messageId: string, content: string): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    const edited = { ...message, content, editedAt: new Date() };
    this.#messages.set(messageId, edited);
    this.emit("messageUpdate", edited);
  }

  deleteMessage(messageId: string): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    this.#messages.delete(messageId);
    this.emit("messageDelete", message);
  }

  react(kind: "reactionAdd" | "reactionRemove", messageId: string, userId: string, emoji: string): void {
    const message = this.#messages.get(messageId);
    if (message !== undefined) this.emit(kind, { userId, emoji, message });
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
