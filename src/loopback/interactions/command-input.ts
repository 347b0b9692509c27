/** What Discord's own client makes of a command that a person types: checks the options, and adds the data of ids. */

import type { Json } from "../json.ts";
import type { ApplicationCommand } from "./application-commands.ts";
import { type CommandOption, OPTION } from "./command-schema.ts";
import type { ResolvedData } from "./resolved-data.ts";

/** By option name; users, channels and roles by id. */
export type TypedOptions = Readonly<Record<string, string | number | boolean>>;

export interface TypedCommand {
  /** The command's name, then its group's and its sub-command's: `record start`. */
  readonly words: readonly string[];
  readonly options: TypedOptions;
  /** The option whose value is being typed, while its choices are asked for. */
  readonly focused?: string | undefined;
}

/** Discord's own client would not send this: there is no such command, button or choice for this person. */
export class NotPossible extends Error {
  override readonly name = "NotPossible";
}

/**
 * `data` of the interaction.
 *
 * @throws NotPossible
 */
export function commandData(command: ApplicationCommand, typed: TypedCommand, resolved: ResolvedData): Json {
  const path = typed.words.slice(1);
  const chosen = pathOf(command, path);
  const accepted = path.length === 0 ? command.options : (chosen.at(-1)?.options ?? []);
  const values = valuesOf(accepted, typed, resolved);
  const options = chosen
    .toReversed()
    .reduce<readonly Json[]>((inner, { name, type }) => [{ name, type, options: inner }], values);
  return {
    id: command.id,
    name: command.name,
    type: command.type,
    ...(command.guild_id === undefined ? {} : { guild_id: command.guild_id }),
    ...(options.length === 0 ? {} : { options }),
    ...resolved.payload,
  };
}

/** The groups and sub-commands on the way to what was typed. */
function pathOf(command: ApplicationCommand, path: readonly string[]): readonly CommandOption[] {
  const chosen: CommandOption[] = [];
  let options: readonly CommandOption[] = command.options;
  for (const word of path) {
    const next = options.find(({ name, type }) => name === word && isPath(type));
    if (next === undefined) throw new NotPossible(`/${command.name} has no sub-command ${path.join(" ")}`);
    chosen.push(next);
    options = next.options ?? [];
  }
  if (options.some(({ type }) => isPath(type))) throw new NotPossible(`/${command.name} needs a sub-command`);
  return chosen;
}

function isPath(type: number): boolean {
  return type === OPTION.subcommand || type === OPTION.subcommandGroup;
}

function valuesOf(
  accepted: readonly CommandOption[],
  { options, focused }: TypedCommand,
  resolved: ResolvedData,
): readonly Json[] {
  const unknown = Object.keys(options).find((name) => !accepted.some((option) => option.name === name));
  if (unknown !== undefined) throw new NotPossible(`there is no option ${unknown}`);
  return accepted.flatMap((option): readonly Json[] => {
    const value = options[option.name];
    const { name, type } = option;
    if (value === undefined) {
      if (option.required && focused === undefined) throw new NotPossible(`the option ${name} is required`);
      return [];
    }
    // What is being typed is not checked yet.
    if (focused === name) return [{ name, type, value, focused: true }];
    const problem = problemOf(option, value) ?? idProblem(option, String(value), resolved);
    if (problem !== undefined) throw new NotPossible(`the option ${name} ${problem}`);
    return [{ name, type, value }];
  });
}

function problemOf(option: CommandOption, value: string | number | boolean): string | undefined {
  const { choices = [], type, min_value: least, max_value: most, min_length: shortest = 0 } = option;
  const isNumber = type === OPTION.integer || type === OPTION.number;
  const expected = isNumber ? "number" : type === OPTION.boolean ? "boolean" : "string";
  if (typeof value !== expected) return `must be a ${expected}`;
  if (type === OPTION.integer && !Number.isInteger(value)) return "must be a whole number";
  if (choices.length > 0 && !choices.some((choice) => choice.value === value)) return "must be one of its choices";
  if (typeof value === "number" && (value < (least ?? value) || value > (most ?? value))) return "is out of range";
  if (type !== OPTION.string || typeof value !== "string") return undefined;
  return value.length < shortest || value.length > (option.max_length ?? 6_000) ? "has the wrong length" : undefined;
}

function idProblem(option: CommandOption, id: string, resolved: ResolvedData): string | undefined {
  switch (option.type) {
    case OPTION.user:
      return resolved.addUser(id) ? undefined : "must be a member";
    case OPTION.role:
      return resolved.addRole(id) ? undefined : "must be a role";
    case OPTION.mentionable:
      return resolved.addUser(id) || resolved.addRole(id) ? undefined : "must be a member or a role";
    case OPTION.channel:
      return resolved.addChannel(id, option.channel_types) ? undefined : "must be a channel of an accepted type";
    default:
      return undefined;
  }
}
