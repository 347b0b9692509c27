/** What an interaction says about the ids in it. https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-resolved-data-structure */

import { channelPayload, memberFields, rolePayload, userPayload } from "../gateway/gateway-payloads.ts";
import { messagePayload } from "../gateway/message-payloads.ts";
import type { Json } from "../json.ts";
import type { World } from "../world/world.ts";
import type { Message } from "../world/world-chat.ts";

interface Between {
  /** Whose permissions a channel carries. */
  readonly userId: string;
  /** Which bot reads it. */
  readonly applicationId: string;
}

export class ResolvedData {
  readonly #world: World;
  readonly #between: Between;
  readonly #users: Record<string, Json> = {};
  readonly #members: Record<string, Json> = {};
  readonly #roles: Record<string, Json> = {};
  readonly #channels: Record<string, Json> = {};
  readonly #messages: Record<string, Json> = {};

  constructor(world: World, between: Between) {
    this.#world = world;
    this.#between = between;
  }

  /** The field `resolved`, or nothing if no id was added. */
  get payload(): Json {
    const people = { users: this.#users, members: this.#members };
    const all = { ...people, roles: this.#roles, channels: this.#channels, messages: this.#messages };
    const used = Object.entries(all).filter(([, byId]) => Object.keys(byId).length > 0);
    return used.length === 0 ? {} : { resolved: Object.fromEntries(used) };
  }

  /** @returns whether there is such a member */
  addUser(id: string): boolean {
    const member = this.#world.member(id);
    if (member === undefined) return false;
    this.#users[id] = userPayload(member.user);
    const { deaf: _deaf, mute: _mute, ...fields } = memberFields(member);
    this.#members[id] = { ...fields, permissions: this.#world.permissionsOf(id, this.#world.guild.id).toString() };
    return true;
  }

  addRole(id: string): boolean {
    const role = this.#world.roles.get(id);
    if (role !== undefined) this.#roles[id] = rolePayload(role);
    return role !== undefined;
  }

  addMessage(message: Message): boolean {
    const view = { messageContent: true, viewerId: this.#between.applicationId, cdnUrl: "" };
    this.#messages[message.id] = messagePayload(this.#world, message, view);
    return true;
  }

  /** @param types Discord's numbers of the accepted types; all if there are none */
  addChannel(id: string, types: readonly number[] = []): boolean {
    const channel = this.#world.channels.get(id);
    if (channel === undefined) return false;
    const payload = channelPayload(channel, this.#world.guild.id, { position: 0 });
    const { type, name, parent_id, flags } = payload;
    if (types.length > 0 && !types.some((accepted) => accepted === type)) return false;
    const permissions = this.#world.permissionsOf(this.#between.userId, id).toString();
    this.#channels[id] = { id, type, name, parent_id, flags, permissions };
    return true;
  }
}
