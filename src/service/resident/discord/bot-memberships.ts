import { type APIUser, PermissionFlagsBits, type RESTGetAPIGuildMemberResult, Routes } from "discord-api-types/v10";
import { channelPermissions, missingPermissions } from "../../../discord/guild/permissions.ts";
import { boundedName } from "../../../text/safe-text.ts";
import type { BotMembership } from "../pool.ts";
import type { GuildCache } from "./guild-cache.ts";

/** What a bot needs to record. */
const NEEDED = PermissionFlagsBits.ViewChannel | PermissionFlagsBits.Connect;

/** For panel and notice. */
const TO_POST = PermissionFlagsBits.ViewChannel | PermissionFlagsBits.SendMessages;

/** A bot that was just invited is found soon. */
const MEMBER_MS = 60_000;
const ABSENT_MS = 5_000;

export interface BotMembershipsOptions {
  readonly world: Pick<GuildCache, "guild">;
  /** The resident's own: it may ask about other bots of its servers. */
  readonly rest: { get(route: `/${string}`): Promise<unknown> };
  readonly clock: { now(): number };
}

/** Which bots are members of which servers, and what they may do there. */
export class BotMemberships {
  readonly #options: BotMembershipsOptions;
  readonly #roles = new Map<string, { readonly roleIds: readonly string[] | null; readonly until: number }>();
  readonly #names = new Map<string, string>();

  constructor(options: BotMembershipsOptions) {
    this.#options = options;
  }

  async of(guildId: string, channelId: string, botId: string): Promise<BotMembership> {
    const guild = this.#options.world.guild(guildId);
    const roleIds = await this.#rolesOf(guildId, botId);
    if (roleIds === null || guild === undefined) {
      return { isMember: false, missing: [], missingToPost: [] };
    }
    const channel = guild.channels.get(channelId);
    const granted = channelPermissions(
      {
        ...{ id: guildId, owner_id: guild.ownerId, roles: [...guild.roles.values()] },
        members: [{ user: { id: botId }, roles: roleIds }],
        channels: channel === undefined ? [] : [{ id: channelId, permission_overwrites: channel.overwrites }],
      },
      channelId,
      botId,
    );
    return {
      isMember: true,
      missing: missingPermissions(granted, NEEDED),
      missingToPost: missingPermissions(granted, TO_POST),
    };
  }

  /** As Discord shows it; its id until Discord says it. */
  async nameOf(botId: string): Promise<string> {
    const known = this.#names.get(botId);
    if (known !== undefined) return known;
    const user = await unlessUnknown(this.#options.rest.get(Routes.user(botId)));
    if (user === null) return botId;
    const { global_name: globalName, username } = user as APIUser;
    const name = boundedName(globalName ?? username);
    this.#names.set(botId, name);
    return name;
  }

  /** @returns null if the bot is not a member */
  async #rolesOf(guildId: string, botId: string): Promise<readonly string[] | null> {
    const key = `${guildId} ${botId}`;
    const now = this.#options.clock.now();
    const known = this.#roles.get(key);
    if (known !== undefined && known.until > now) return known.roleIds;
    const member = await unlessUnknown(this.#options.rest.get(Routes.guildMember(guildId, botId)));
    const roleIds = member === null ? null : (member as RESTGetAPIGuildMemberResult).roles;
    this.#roles.set(key, { roleIds, until: now + (roleIds === null ? ABSENT_MS : MEMBER_MS) });
    return roleIds;
  }
}

/** Discord answers 404 for an account that is not there. */
async function unlessUnknown(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, "status") === 404) return null;
    throw error;
  }
}
