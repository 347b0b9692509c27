import type { Command } from "commander";
import { CLIENT_EXIT_CODES } from "../../src/cli/client/outcome.ts";
import { program } from "../../src/cli/program.ts";
import { commandSection } from "../reference/cli.ts";
import { markdownTable } from "../reference/markdown-table.ts";

/**
 * The skill for agents that use the command line: a folder with SKILL.md, whose front matter says when to use it, and
 * pages that an agent reads if it needs them (agentskills.io, "Specification"). Commands, options and exit codes come from
 * the code.
 */

const NAME = "meetbot-discord";

/** The commands that talk to a job service. `mcp` is for programs. */
const COMMANDS = ["bot", "recordings", "webhooks", "usage", "login", "logout"];

const DESCRIPTION =
  "Records Discord voice channels with the meetbot-discord command line: sends a bot to a call, follows and controls it, lists, downloads and deletes recordings, and verifies webhooks. Use it if somebody wants a Discord call recorded, asks about a recording bot or a recording, or wants to check a webhook.";

const EXIT_CODES: Readonly<Record<keyof typeof CLIENT_EXIT_CODES, readonly [meaning: string, next: string]>> = {
  success: ["success; for `webhooks verify`: genuine", "read stdout"],
  wrongInput: [
    "wrong input, or a job that is not there or not in the right state; for `webhooks verify`: not genuine",
    "read stderr: it names the argument and says what is accepted",
  ],
  failed: ["the service or the network failed", "run it again later; see whether `MEETBOT_API_BASE_URL` is right"],
  notAuthenticated: ["no key, or one that is wrong or revoked", "ask the person to run `meetbot-discord login`"],
  quotaExceeded: ["the key may have no more live jobs now", "wait for a job to end, or ask which one to end"],
};

/** The table of `docs/guide/command-line.md`. */
export function clientExitCodes(): string {
  return markdownTable(
    ["exit code", "meaning"],
    exitCodeRows().map(([code = "", meaning = ""]) => [code, meaning]),
  );
}

/** The files of the skill, by their paths in its folder. */
export async function skillFiles(): Promise<Record<string, string>> {
  const { commands } = await program(NAME);
  const ours = COMMANDS.flatMap((name) => commands.find((command) => command.name() === name) ?? []);
  return { "SKILL.md": skill(ours), "references/commands.md": reference(ours) };
}

function skill(commands: readonly Command[]): string {
  return `---
name: ${NAME}
description: ${JSON.stringify(DESCRIPTION)}
---

# Record Discord calls

\`${NAME}\` sends bots to Discord voice channels by a job service, and gets their recordings. Each bot is a job with an
id such as \`job_01HX9N8K0000000000000000AB\`.

## Rules

- Give \`--json\` to every command: it prints one JSON object a line on stdout. Errors go to stderr.
- Branch on the exit code, not on the text.
- Never ask for an API key, a bot token or a webhook secret, and never print one. They come from the environment
  (\`MEETBOT_API_KEY\`, \`DISCORD_BOT_TOKEN\`, \`MEETBOT_WEBHOOK_SECRET\`) or from \`login\`, which the person runs.
- People in a call must know that it is recorded. Ask the person if you are not sure that they do.
- \`recordings rm\` deletes for good and \`bot cancel\` ends a call at once: ask the person before.

## Steps

1. Check the login: \`${NAME} usage --json\`. With exit code 3, ask the person to run \`${NAME} login\`. With exit code
   1 and a sentence about \`MEETBOT_API_BASE_URL\`, ask for the service's address.
2. Send a bot: \`${NAME} bot dispatch CHANNEL_LINK --external-id YOUR_ID --json\`. Use an id of your own for each call: a
   second dispatch with the same id shows the job that is there.
3. Follow it: \`${NAME} bot watch ID --json\` ends when the job is over, which may take hours. \`bot get ID --json\` shows
   its \`status\` now. \`completed\`, \`failed\` and \`cancelled\` are ends; \`failure_code\` says why it failed.
4. Get the files: \`${NAME} recordings download ID --out FOLDER --json\`. There is one Ogg file for each speaker, and
   \`manifest.json\`. Run it again after an interruption.

## Commands

${markdownTable(["command", "what it does", "`--json` prints"], verbsOf(commands).map(verbRow))}

Options and arguments: [references/commands.md](references/commands.md).

## Exit codes

${markdownTable(["exit code", "meaning", "what to do"], exitCodeRows())}
`;
}

function reference(commands: readonly Command[]): string {
  const sections = verbsOf(commands).map(commandSection);
  return `# Commands of ${NAME}\n\n${sections.join("\n\n")}\n`;
}

/** Commands that do something: a group of commands does nothing by itself. */
function verbsOf(commands: readonly Command[]): Command[] {
  return commands.flatMap((command) => (command.commands.length === 0 ? [command] : [...command.commands]));
}

function verbRow(command: Command): string[] {
  const parent = command.parent?.name() ?? NAME;
  const words = [...(parent === NAME ? [] : [parent]), command.name()];
  const json = command.options.find(({ long }) => long === "--json");
  if (json === undefined) throw new Error(`${words.join(" ")} has no --json`);
  const usage = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [`\`${[...words, ...usage].join(" ")}\``, command.description(), json.description.replace(/^print /, "")];
}

function exitCodeRows(): string[][] {
  const names = Object.keys(CLIENT_EXIT_CODES) as (keyof typeof CLIENT_EXIT_CODES)[];
  return names.map((name) => [String(CLIENT_EXIT_CODES[name]), ...EXIT_CODES[name]]);
}
