import type { Command, Option } from "commander";
import { program } from "../../src/cli/program.ts";
import { markdownTable } from "./markdown-table.ts";

const NAME = "meetbot-discord";

/** What `--help` lists, a section for each command: usage, arguments and options. */
export async function commands(): Promise<string> {
  return (await program(NAME)).commands
    .flatMap((command) => [command, ...command.commands])
    .map(commandSection)
    .join("\n\n");
}

/** What `--help` of a command lists. */
export function commandSection(command: Command): string {
  const rows = [
    ...command.registeredArguments.map((argument) => [`\`${argument.name()}\``, escaped(argument.description)]),
    ...command.options.map((option) => [`\`${option.flags}\``, described(option)]),
  ];
  return [
    `## ${fullName(command)}`,
    sentence(command.description()),
    `\`\`\`\n${NAME} ${fullName(command)} ${command.usage()}\n\`\`\``,
    ...(rows.length === 0 ? [] : [markdownTable(["argument or option", "meaning"], rows)]),
  ].join("\n\n");
}

/** Such as `keys create`. */
function fullName(command: Command): string {
  const above = command.parent;
  return above === null || above.name() === NAME ? command.name() : `${above.name()} ${command.name()}`;
}

function described({ description, argChoices, defaultValue, negate }: Option): string {
  const choices = argChoices === undefined ? "" : `; one of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}`;
  // The default of `--no-view` is that there is a view.
  const otherwise = negate || defaultValue === undefined ? "" : `; default \`${String(defaultValue)}\``;
  return `${escaped(description)}${choices}${otherwise}`;
}

/** So that `<userId>` is not taken for HTML. */
function escaped(text: string): string {
  return text.replaceAll("<", "\\<");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
