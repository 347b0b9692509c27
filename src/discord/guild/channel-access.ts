import {
  type APIGuildMember,
  type APIRole,
  type GatewayChannelUpdateDispatchData,
  type GatewayGuildCreateDispatchData,
  PermissionFlagsBits,
} from "discord-api-types/v10";
import { channelPermissions } from "./permissions.ts";

export interface Access {
  readonly view: boolean;
  readonly history: boolean;
}

/**
 * The bot's read permissions in one channel. Follows changes of the server's channels and roles, and of the bot's
 * roles.
 */
export class ChannelAccess {
  readonly #channelId: string;
  readonly #selfId: string;
  #guild: GatewayGuildCreateDispatchData;

  constructor(guild: GatewayGuildCreateDispatchData, channelId: string, selfId: string) {
    this.#guild = guild;
    this.#channelId = channelId;
    this.#selfId = selfId;
  }

  get now(): Access {
    const granted = channelPermissions(this.#guild, this.#channelId, this.#selfId);
    const may = (bit: bigint): boolean => (granted & bit) !== 0n;
    const view = may(PermissionFlagsBits.ViewChannel);
    return { view, history: view && may(PermissionFlagsBits.ReadMessageHistory) };
  }

  /** The server sent its whole state again. */
  guild(guild: GatewayGuildCreateDispatchData): void {
    this.#guild = guild;
  }

  channel(channel: GatewayChannelUpdateDispatchData): void {
    if (channel.id !== this.#channelId) return;
    const others = this.#guild.channels.filter(({ id }) => id !== channel.id);
    const channels = [...others, channel] as GatewayGuildCreateDispatchData["channels"];
    this.#guild = { ...this.#guild, channels };
  }

  role(role: APIRole): void {
    const others = this.#guild.roles.filter(({ id }) => id !== role.id);
    this.#guild = { ...this.#guild, roles: [...others, role] };
  }

  roleDeleted(roleId: string): void {
    this.#guild = { ...this.#guild, roles: this.#guild.roles.filter(({ id }) => id !== roleId) };
  }

  /** Discord dispatches this for the bot itself, even without the Guild Members intent. */
  member(member: Pick<APIGuildMember, "roles" | "user">): void {
    if (member.user.id !== this.#selfId) return;
    const members = this.#guild.members.map((known) =>
      known.user.id === this.#selfId ? { ...known, roles: member.roles } : known,
    );
    this.#guild = { ...this.#guild, members };
  }
}
