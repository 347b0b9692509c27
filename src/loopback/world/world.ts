/**
 * The state of the local Discord: who is where, and all messages. Everything else shows it (REST, gateway) or follows
 * its changes (gateway, voice).
 */

import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { CallHeader, CallUser, VoiceFlags } from "../../fixture/call-script.ts";
import {
  EVERY_PERMISSION,
  EVERYONE_PERMISSIONS,
  PERMISSION,
  type PermissionName,
  Permissions,
  permissionBits,
} from "./permissions.ts";
import { createSnowflake } from "./snowflake.ts";
import { WorldChat } from "./world-chat.ts";

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: "voice" | "stage" | "text" | "category";
  /** The category that it is in. */
  readonly categoryId?: string;
  /** The user limit; 0 or missing means no limit. */
  readonly userLimit?: number;
}

/** The channel of direct messages between a bot and a person. */
export interface DirectChannel {
  readonly id: string;
  readonly botId: string;
  readonly userId: string;
}

export interface Role {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly PermissionName[];
}

export interface Member {
  readonly user: CallUser;
  readonly joinedAt: Date;
  readonly roleIds?: readonly string[] | undefined;
  /** The end of their time-out, ISO 8601. */
  readonly timedOutUntil?: string | undefined;
}

export interface VoiceState {
  readonly member: Member;
  /** null only in the change that announces that they left. */
  readonly channelId: string | null;
  readonly sessionId: string;
  readonly flags: VoiceFlags;
}

/** Missing fields do not change. */
export interface NameChange {
  readonly username?: string | undefined;
  readonly displayName?: string | undefined;
  /** null: none any more. */
  readonly nick?: string | null | undefined;
}

interface WorldEvents {
  memberAdd: [member: Member];
  memberUpdate: [member: Member];
  rename: [member: Member];
  memberRemove: [member: Member];
  roleCreate: [role: Role];
  /** It, or somebody's permissions in it. */
  channelUpdate: [channel: Channel];
  channelCreate: [channel: Channel];
  channelDelete: [channel: Channel];
  /** A person joined, left, moved, or changed a flag. */
  voiceState: [state: VoiceState, previousChannelId: string | null];
  /** An outage of the guild began or ended. */
  availability: [];
}

export class World extends EventEmitter<WorldEvents> {
  readonly guild: { readonly id: string; readonly name: string };
  readonly ownerId = createSnowflake();
  readonly permissions = new Permissions();
  /** What is written in its channels. */
  readonly chat = new WorldChat();
  #isAvailable = true;
  readonly #channels: Map<string, Channel>;
  readonly #roles = new Map<string, Role>();
  readonly #directChannels = new Map<string, DirectChannel>();
  readonly #withoutDirectMessages = new Set<string>();
  readonly #members = new Map<string, Member>();
  readonly #voiceStates = new Map<string, VoiceState>();
  /** Flags set by moderators, which persist when a person leaves voice and returns. */
  readonly #moderation = new Map<string, Pick<VoiceFlags, "mute" | "deaf">>();

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

  /** False while Discord has an outage of the guild: bots then get no events of it. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  setAvailable(isAvailable: boolean): void {
    if (isAvailable === this.#isAvailable) return;
    this.#isAvailable = isAvailable;
    this.emit("availability");
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

  addMember(user: CallUser): Member {
    const known = this.#members.get(user.id);
    if (known !== undefined) return known;
    const member = { user, joinedAt: new Date() };
    this.#members.set(user.id, member);
    this.emit("memberAdd", member);
    return member;
  }

  /** Their voice state has the new names from its next change, because on Discord a new name does not change it. */
  renameMember(userId: string, change: NameChange): void {
    const member = this.#members.get(userId);
    if (member === undefined) return;
    const { username = member.user.username, displayName = member.user.displayName, nick = member.user.nick } = change;
    const renamed = { ...member, user: { ...member.user, username, displayName, nick: nick ?? undefined } };
    this.#members.set(userId, renamed);
    const state = this.#voiceStates.get(userId);
    if (state !== undefined) this.#voiceStates.set(userId, { ...state, member: renamed });
    this.emit("memberUpdate", renamed);
    this.emit("rename", renamed);
  }

  /** Times a member out, which disconnects them from voice; undefined ends it. */
  timeOut(userId: string, until: string | undefined): void {
    const member = this.#members.get(userId);
    if (member === undefined) return;
    const changed = { ...member, timedOutUntil: until };
    this.#members.set(userId, changed);
    this.emit("memberUpdate", changed);
    if (this.#isTimedOut(userId)) this.leaveVoice(userId);
  }

  #isTimedOut(userId: string): boolean {
    return Date.parse(this.#members.get(userId)?.timedOutUntil ?? "") > Date.now();
  }

  /** Removes a member from the guild, and so from voice. */
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
   * Denies a member exactly these permissions in a channel. People in it stay there, as on Discord. A permission for
   * the whole guild, such as changing one's nickname, is denied by the guild's id.
   */
  deny(userId: string, channelId: string, names: readonly PermissionName[]): void {
    this.permissions.deny(userId, channelId, names);
    const channel = this.#channels.get(channelId);
    if (channel !== undefined) this.emit("channelUpdate", channel);
  }

  /** By permission, or by being in it. https://discord.com/developers/docs/topics/permissions#channel-visibility */
  canSee(userId: string, channelId: string): boolean {
    const direct = this.#directChannels.get(channelId);
    if (direct !== undefined) return userId === direct.botId || userId === direct.userId;
    const isInIt = this.#voiceStates.get(userId)?.channelId === channelId;
    return isInIt || this.may(userId, channelId, "viewChannel");
  }

  may(userId: string, channelId: string, name: PermissionName): boolean {
    return (this.permissionsOf(userId, channelId) & PERMISSION[name]) !== 0n;
  }

  /**
   * A member's permission bits in a channel. A thread's are its parent's.
   *
   * @param channelId the guild's own id for what their roles give them everywhere
   */
  permissionsOf(userId: string, channelId: string): bigint {
    if (this.isAdministrator(userId)) return EVERY_PERMISSION;
    const denied = this.permissions.denied(userId, this.chat.thread(channelId)?.parentId ?? channelId);
    const granted = [...EVERYONE_PERMISSIONS, ...this.#rolesOf(userId).flatMap(({ permissions }) => permissions)];
    return permissionBits(granted) & ~permissionBits(denied);
  }

  /** The guild's owner is one too. */
  isAdministrator(userId: string): boolean {
    const byRole = this.#rolesOf(userId).some(({ permissions }) => permissions.includes("administrator"));
    return byRole || userId === this.ownerId;
  }

  get roles(): ReadonlyMap<string, Role> {
    return this.#roles;
  }

  addRole(name: string, permissions: readonly PermissionName[]): Role {
    const role = { id: createSnowflake(), name, permissions };
    this.#roles.set(role.id, role);
    this.emit("roleCreate", role);
    return role;
  }

  giveRole(userId: string, roleId: string): void {
    this.#changeRoles(userId, (roleIds) => [...roleIds, roleId]);
  }

  takeRole(userId: string, roleId: string): void {
    this.#changeRoles(userId, (roleIds) => roleIds.filter((id) => id !== roleId));
  }

  #changeRoles(userId: string, change: (roleIds: readonly string[]) => readonly string[]): void {
    const member = this.#members.get(userId);
    if (member === undefined) return;
    const changed = { ...member, roleIds: [...new Set(change(member.roleIds ?? []))] };
    this.#members.set(userId, changed);
    const state = this.#voiceStates.get(userId);
    if (state !== undefined) this.#voiceStates.set(userId, { ...state, member: changed });
    this.emit("memberUpdate", changed);
  }

  #rolesOf(userId: string): readonly Role[] {
    return (this.#members.get(userId)?.roleIds ?? []).flatMap((id) => this.#roles.get(id) ?? []);
  }

  /** A category with these channels in it. */
  addCategory(name: string, channelIds: readonly string[]): Channel {
    const category: Channel = { id: createSnowflake(), name, kind: "category" };
    this.#channels.set(category.id, category);
    this.emit("channelCreate", category);
    for (const id of channelIds) {
      const channel = this.#channels.get(id);
      if (channel === undefined) continue;
      const moved = { ...channel, categoryId: category.id };
      this.#channels.set(id, moved);
      this.emit("channelUpdate", moved);
    }
    return category;
  }

  /**
   * Whether a member may join a voice channel: they see it, may connect, and there is room, or they are already in it.
   */
  canJoin(userId: string, channelId: string): boolean {
    const inIt = this.voiceStates.filter((state) => state.channelId === channelId);
    if (inIt.some(({ member }) => member.user.id === userId)) return true;
    const { userLimit = 0 } = this.#channels.get(channelId) ?? {};
    const isFull = userLimit > 0 && inIt.length >= userLimit;
    return (
      !isFull && !this.#isTimedOut(userId) && this.canSee(userId, channelId) && this.may(userId, channelId, "connect")
    );
  }

  directChannel(channelId: string): DirectChannel | undefined {
    return this.#directChannels.get(channelId);
  }

  /** There is one for each bot and person. */
  openDirectChannel(botId: string, userId: string): DirectChannel {
    const known = [...this.#directChannels.values()].find((each) => each.botId === botId && each.userId === userId);
    const channel = known ?? { id: createSnowflake(), botId, userId };
    this.#directChannels.set(channel.id, channel);
    return channel;
  }

  takesDirectMessages(userId: string): boolean {
    return !this.#withoutDirectMessages.has(userId);
  }

  refuseDirectMessages(userId: string): void {
    this.#withoutDirectMessages.add(userId);
  }

  /** Everyone in it is disconnected from voice. */
  deleteChannel(channelId: string): void {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) return;
    this.#channels.delete(channelId);
    this.emit("channelDelete", channel);
    for (const state of this.voiceStates) if (state.channelId === channelId) this.leaveVoice(state.member.user.id);
  }

  /** Puts a member into a voice channel, moves it there, or changes its flags. Missing flags do not change. */
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

  /** Sets or clears a member's server mute or deafen flag. */
  moderate(userId: string, flags: Pick<VoiceFlags, "mute" | "deaf">): void {
    this.#moderation.set(userId, { ...this.#moderation.get(userId), ...flags });
    this.changeFlags(userId, {});
  }

  /** Does nothing if they are not in voice. */
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
}
