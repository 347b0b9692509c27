/** The commands of bots, for all guilds and for single ones. https://discord.com/developers/docs/interactions/application-commands */

import * as z from "zod";
import type { Json } from "../json.ts";
import { createSnowflake } from "../world/snowflake.ts";
import { COMMAND, type CommandBody, command } from "./command-schema.ts";
import { invalidForm } from "./form-errors.ts";

export type ApplicationCommand = Readonly<CommandBody> & {
  readonly id: string;
  readonly application_id: string;
  readonly guild_id?: string;
  /** Changes with the command. */
  readonly version: string;
};

/** Where commands are: those of an application for all guilds, or for one. */
export interface CommandScope {
  readonly applicationId: string;
  readonly guildId: string | undefined;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** How many commands of a type a scope has at most. */
const MAX_COMMANDS = { [COMMAND.chatInput]: 100, [COMMAND.user]: 15, [COMMAND.message]: 15 } as const;
const MAX_CREATED_A_DAY = 200;

const UNKNOWN_COMMAND = { message: "Unknown application command", code: 10063 };
const tooMany = (limit: number) => ({
  message: `Maximum number of application commands reached (${limit}).`,
  code: 30032,
});
const TOO_MANY_TODAY = {
  message: `Max number of daily application command creates has been reached (${MAX_CREATED_A_DAY})`,
  code: 30034,
};
const DUPLICATE_NAME = {
  message: "Invalid Form Body",
  code: 50035,
  errors: {
    _errors: [{ code: "APPLICATION_COMMANDS_DUPLICATE_NAME", message: "Application command names must be unique" }],
  },
};
const isObject = z.record(z.string(), z.unknown());

export class ApplicationCommands {
  readonly #byScope = new Map<string, Map<string, ApplicationCommand>>();
  readonly #createdToday = new Map<string, number>();

  /** A guild's own commands are first: they hide the ones for all guilds. */
  find(applicationId: string, guildId: string, name: string): ApplicationCommand | undefined {
    return [guildId, undefined]
      .flatMap((scope) => this.#all({ applicationId, guildId: scope }))
      .find((known) => known.name === name);
  }

  list(scope: CommandScope, withLocalizations: boolean): RestAnswer {
    return { status: 200, body: this.#all(scope).map((known) => payloadOf(known, withLocalizations)) };
  }

  get(scope: CommandScope, id: string): RestAnswer {
    const known = this.#of(scope).get(id);
    return known ? { status: 200, body: payloadOf(known, true) } : { status: 404, body: UNKNOWN_COMMAND };
  }

  /** POST: a command of the same name and type is replaced. */
  create(scope: CommandScope, body: unknown): RestAnswer {
    const parsed = command.safeParse(body);
    if (!parsed.success) return { status: 400, body: invalidForm(parsed.error) };
    const known = this.#named(scope, parsed.data);
    const limit = MAX_COMMANDS[parsed.data.type];
    const ofType = this.#all(scope).filter(({ type }) => type === parsed.data.type);
    if (known === undefined && ofType.length >= limit) return { status: 400, body: tooMany(limit) };
    if (known === undefined && !this.#countCreated(scope, 1)) return { status: 429, body: TOO_MANY_TODAY };
    const made = commandOf(scope, parsed.data, known);
    this.#of(scope).set(made.id, made);
    return { status: known === undefined ? 201 : 200, body: payloadOf(made, true) };
  }

  /** PUT: exactly these commands from now on. */
  replaceAll(scope: CommandScope, body: unknown): RestAnswer {
    const parsed = z.array(command).safeParse(body);
    if (!parsed.success) return { status: 400, body: invalidForm(parsed.error) };
    const keys = parsed.data.map(({ type, name }) => `${type} ${name}`);
    if (new Set(keys).size < keys.length) return { status: 400, body: DUPLICATE_NAME };
    for (const [type, limit] of Object.entries(MAX_COMMANDS)) {
      if (parsed.data.filter((wanted) => wanted.type === Number(type)).length > limit) {
        return { status: 400, body: tooMany(limit) };
      }
    }
    const made = parsed.data.map((wanted) => commandOf(scope, wanted, this.#named(scope, wanted)));
    const created = made.filter(({ id }) => !this.#of(scope).has(id)).length;
    if (!this.#countCreated(scope, created)) return { status: 429, body: TOO_MANY_TODAY };
    this.#byScope.set(keyOf(scope), new Map(made.map((known) => [known.id, known])));
    return { status: 200, body: made.map((known) => payloadOf(known, true)) };
  }

  /** PATCH: missing fields do not change. */
  edit(scope: CommandScope, id: string, body: unknown): RestAnswer {
    const known = this.#of(scope).get(id);
    if (known === undefined) return { status: 404, body: UNKNOWN_COMMAND };
    const change = isObject.safeParse(body);
    const parsed = command.safeParse({ ...known, ...change.data, type: known.type });
    if (!parsed.success) return { status: 400, body: invalidForm(parsed.error) };
    const named = this.#named(scope, parsed.data);
    if (named !== undefined && named.id !== id) return { status: 400, body: DUPLICATE_NAME };
    const made = commandOf(scope, parsed.data, known);
    this.#of(scope).set(id, made);
    return { status: 200, body: payloadOf(made, true) };
  }

  delete(scope: CommandScope, id: string): RestAnswer {
    const existed = this.#of(scope).delete(id);
    return existed ? { status: 204, body: undefined } : { status: 404, body: UNKNOWN_COMMAND };
  }

  #of(scope: CommandScope): Map<string, ApplicationCommand> {
    const known = this.#byScope.get(keyOf(scope)) ?? new Map<string, ApplicationCommand>();
    this.#byScope.set(keyOf(scope), known);
    return known;
  }

  #all(scope: CommandScope): readonly ApplicationCommand[] {
    return [...this.#of(scope).values()];
  }

  #named(scope: CommandScope, { type, name }: CommandBody): ApplicationCommand | undefined {
    return this.#all(scope).find((known) => known.type === type && known.name === name);
  }

  /** @returns false if there would be too many of this day */
  #countCreated(scope: CommandScope, count: number): boolean {
    const created = (this.#createdToday.get(keyOf(scope)) ?? 0) + count;
    if (created > MAX_CREATED_A_DAY) return false;
    this.#createdToday.set(keyOf(scope), created);
    return true;
  }
}

function keyOf({ applicationId, guildId }: CommandScope): string {
  return `${applicationId} ${guildId ?? ""}`;
}

function commandOf(
  { applicationId, guildId }: CommandScope,
  body: CommandBody,
  known: ApplicationCommand | undefined,
): ApplicationCommand {
  return {
    ...body,
    id: known?.id ?? createSnowflake(),
    application_id: applicationId,
    ...(guildId === undefined ? {} : { guild_id: guildId }),
    version: createSnowflake(),
  };
}

/** As Discord answers: a list has translations only if they are asked for. */
function payloadOf(known: ApplicationCommand, withLocalizations: boolean): Json {
  const payload = {
    ...known,
    default_member_permissions: known.default_member_permissions ?? null,
    dm_permission: known.dm_permission ?? true,
    contexts: known.contexts ?? null,
    integration_types: known.integration_types ?? [0],
    name_localizations: known.name_localizations ?? null,
    description_localizations: known.description_localizations ?? null,
  };
  return withLocalizations ? payload : withoutLocalizations(payload);
}

function withoutLocalizations(item: Json): Json {
  const { name_localizations: _names, description_localizations: _descriptions, ...rest } = item;
  const inner = (list: unknown): unknown => (Array.isArray(list) ? list.map(withoutLocalizations) : list);
  return {
    ...rest,
    ...("options" in rest ? { options: inner(rest.options) } : {}),
    ...("choices" in rest ? { choices: inner(rest.choices) } : {}),
  };
}
