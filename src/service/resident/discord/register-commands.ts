import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { REST } from "@discordjs/rest";
import {
  type RESTGetAPIApplicationCommandsResult,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
  Routes,
} from "discord-api-types/v10";
import { messageOf } from "../../../errors.ts";
import type { Log } from "../../../log.ts";

type Body = RESTPostAPIChatInputApplicationCommandsJSONBody;

export interface RegisterOptions {
  readonly rest: Pick<REST, "get" | "post">;
  readonly applicationId: string;
  readonly command: Body;
  /** Servers in which it appears at once; Discord shows a global command everywhere within an hour. */
  readonly guildIds: readonly string[];
}

export interface Registered {
  /** Where the command was written, `global` or a server's id. It was the same everywhere else. */
  readonly changed: readonly string[];
  /** Servers in which it could not be registered, such as one without the bot. */
  readonly failed: readonly { readonly guildId: string; readonly error: unknown }[];
}

const AGAIN_MS = 60_000;

/** Registers the command, and tries again each minute until Discord takes it. Never rejects. */
export async function registerUntilDone({
  log,
  signal,
  ...options
}: RegisterOptions & { readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  while (!signal.aborted) {
    try {
      const { changed, failed } = await registerCommand(options);
      if (changed.length > 0) log.info({ changed }, "the commands were registered at Discord");
      for (const { guildId, error } of failed) {
        log.warn({ guildId, error: messageOf(error) }, "the commands could not be registered in this server");
      }
      return;
    } catch (error) {
      log.warn({ error: messageOf(error) }, "the commands could not be registered at Discord; it is tried again");
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Registers the command where it is missing or another one. Other commands of the same bot stay. */
export async function registerCommand(options: RegisterOptions): Promise<Registered> {
  const { rest, applicationId, command, guildIds } = options;
  const changed: string[] = [];
  const failed: { guildId: string; error: unknown }[] = [];
  if (await writeIfOther(rest, Routes.applicationCommands(applicationId), command)) changed.push("global");
  for (const guildId of guildIds) {
    try {
      const route = Routes.applicationGuildCommands(applicationId, guildId);
      if (await writeIfOther(rest, route, command)) changed.push(guildId);
    } catch (error) {
      failed.push({ guildId, error });
    }
  }
  return { changed, failed };
}

/** A POST replaces the command of this name. @returns whether it was needed */
async function writeIfOther(rest: RegisterOptions["rest"], route: `/${string}`, command: Body): Promise<boolean> {
  const query = new URLSearchParams({ with_localizations: "true" });
  const known = (await rest.get(route, { query })) as RESTGetAPIApplicationCommandsResult;
  const same = known.find(({ name, type }) => name === command.name && type === command.type);
  if (same !== undefined && isSame(command, same)) return false;
  await rest.post(route, { body: command });
  return true;
}

/** The fields that we write. Discord adds others, and leaves out those that have their default. */
const FIELDS = [
  ...["name", "name_localizations", "description", "description_localizations", "type", "options", "required"],
  ...["choices", "value", "autocomplete", "channel_types", "min_value", "max_value", "min_length", "max_length"],
  ...["contexts", "integration_types", "default_member_permissions"],
];

function isSame(wanted: unknown, known: unknown): boolean {
  return isDeepStrictEqual(written(wanted), written(known));
}

function written(item: unknown): unknown {
  if (Array.isArray(item)) return item.map(written);
  if (typeof item !== "object" || item === null) return item;
  const fields = Object.entries(item).filter(([key]) => FIELDS.includes(key));
  const given = fields.filter(([, value]) => !isDefault(value));
  return Object.fromEntries(given.map(([key, value]) => [key, isTranslations(key) ? value : written(value)]));
}

function isTranslations(key: string): boolean {
  return key.endsWith("_localizations");
}

function isDefault(value: unknown): boolean {
  return value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);
}
