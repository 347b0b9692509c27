import { DiscordAPIError } from "@discordjs/rest";
import { Routes } from "discord-api-types/v10";
import { MessageError, messageOf } from "../../errors.ts";
import type { DiscordSession, OpenSession } from "../session.ts";

/** The most characters that Discord accepts. */
const MAX_LENGTH = 32;
/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes */
const MISSING_PERMISSIONS = 50013;

/** The bot's name in one server. */
export class Nickname {
  readonly #session: DiscordSession;
  /** The nickname to restore, null for none; undefined while nothing was changed. */
  #before: string | null | undefined;

  constructor(session: DiscordSession) {
    this.#session = session;
  }

  async prefix(prefix: string, signal: AbortSignal): Promise<void> {
    const session = await this.#session.open();
    const { name, before } = namesOf(session, prefix);
    // A cancelled request may still have taken effect.
    this.#before = before;
    try {
      await this.#set(session, [...`${prefix}${name}`].slice(0, MAX_LENGTH).join(""), signal);
    } catch (error) {
      if (error instanceof MessageError && error.reason === "missing_permissions") this.#before = undefined;
      throw error;
    }
  }

  async restore(signal: AbortSignal): Promise<void> {
    const before = this.#before;
    this.#before = undefined;
    if (before !== undefined) await this.#set(await this.#session.open(), before, signal);
  }

  async #set({ client, guild }: OpenSession, nick: string | null, signal: AbortSignal): Promise<void> {
    try {
      await client.rest.patch(Routes.guildMember(guild.id, "@me"), { body: { nick }, signal });
    } catch (error) {
      const isDenied = error instanceof DiscordAPIError && error.code === MISSING_PERMISSIONS;
      const detail = isDenied ? "the bot lacks the permission Change Nickname" : messageOf(error);
      throw new MessageError(isDenied ? "missing_permissions" : "unreachable", detail, { cause: error });
    }
  }
}

/** Removes a prefix that a killed worker left behind. */
function namesOf({ guild, selfId }: OpenSession, prefix: string): { name: string; before: string | null } {
  const self = guild.members.find(({ user }) => user.id === selfId);
  const nick = self?.nick ?? null;
  const own = self?.user.global_name ?? self?.user.username ?? "";
  const name = nick?.startsWith(prefix) === true ? nick.slice(prefix.length) : nick;
  return { name: name ?? own, before: name === own || name === "" ? null : name };
}
