import { Command } from "commander";
import { InputError } from "../errors.ts";
import { invocation } from "../invocation.ts";
import { nearestName } from "../settings/nearest-name.ts";
import { SOFTWARE } from "../version.ts";
import { explainFailure } from "./process/failure.ts";

/** The commands in the order of help. Each is loaded if it is run: a job needs none of the others. */
const COMMANDS = {
  record: async () => (await import("./commands/record.ts")).recordCommand(),
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  replay: async () => (await import("./commands/replay.ts")).replayCommand(),
  loopback: async () => (await import("./commands/loopback.ts")).loopbackCommand(),
  recover: async () => (await import("./commands/recover.ts")).recoverCommand(),
  verify: async () => (await import("./commands/verify.ts")).verifyCommand(),
  list: async () => (await import("./commands/list.ts")).listCommand(),
  fetch: async () => (await import("./commands/fetch.ts")).fetchCommand(),
  export: async () => (await import("./commands/export.ts")).exportCommand(),
  report: async () => (await import("./commands/report.ts")).reportCommand(),
  "job-manifest": async () => (await import("./commands/job-manifest.ts")).jobManifestCommand(),
  serve: async () => (await import("./commands/service/serve.ts")).serveCommand(),
  keys: async () => (await import("./commands/service/keys.ts")).keysCommand(),
  backup: async () => (await import("./commands/service/backup.ts")).backupCommand(),
  restore: async () => (await import("./commands/service/restore.ts")).restoreCommand(),
  bot: async () => (await import("./commands/client/bot.ts")).botCommand(),
  recordings: async () => (await import("./commands/client/recordings.ts")).recordingsCommand(),
  webhooks: async () => (await import("./commands/client/webhooks.ts")).webhooksCommand(),
  usage: async () => (await import("./commands/client/usage.ts")).usageCommand(),
  login: async () => (await import("./commands/client/login.ts")).loginCommand(),
  logout: async () => (await import("./commands/client/login.ts")).logoutCommand(),
  mcp: async () => (await import("./commands/client/mcp.ts")).mcpCommand(),
  skill: async () => (await import("./commands/client/skill.ts")).skillCommand(),
  demo: async () => (await import("./commands/demo.ts")).demoCommand(),
} satisfies Record<string, () => Promise<Command>>;

/** Only programs start these, so help does not show them. */
const HIDDEN = {
  "await-job": async () => (await import("./commands/service/await-job.ts")).awaitJobCommand(),
  "make-download": async () => (await import("./commands/service/make-download.ts")).makeDownloadCommand(),
} satisfies Record<string, () => Promise<Command>>;

type CommandName = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS).filter(isCommand);
const DEFAULT: CommandName = "record";

/**
 * The command line. The code of a command is loaded when it runs. So a command does not wait for the libraries of another
 * one, and `doctor` works even if those of `record` are broken.
 */
export async function run(): Promise<void> {
  // A closed terminal or pipe must not end a recording. What is written there is lost, and so would be a message about it.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
  // Recordings hold people's voices: only their user may read them. This applies to files of ffmpeg too.
  process.umask(process.umask() | 0o077);
  try {
    const args = process.argv.slice(2);
    const whole = await programFor(args);
    await whole.parseAsync();
  } catch (error) {
    process.exitCode = explainFailure(error);
  }
}

async function programFor(args: readonly string[]): Promise<Command> {
  const [word = ""] = args;
  if (isHidden(word)) return new Command(invocation()).addCommand(await HIDDEN[word]());
  expectKnownCommand(args, NAMES);
  return await program(invocation(), commandsFor(args));
}

/**
 * The program with these commands, or with all.
 *
 * @param name what a person types to start the program; help shows it
 */
export async function program(name: string, commands: readonly CommandName[] = NAMES): Promise<Command> {
  const whole = new Command(name)
    .description("Records a Discord voice channel: one Opus track per speaker, chat, roster and a manifest.")
    .version(SOFTWARE.version)
    .showHelpAfterError("(see --help)");
  for (const command of commands) whole.addCommand(await COMMANDS[command](), { isDefault: command === DEFAULT });
  for (const command of whole.commands) {
    command.copyInheritedSettings(whole);
    for (const part of command.commands) part.copyInheritedSettings(whole);
  }
  return whole;
}

/** The command that is run; all of them if help about the program is asked for. */
function commandsFor(args: readonly string[]): readonly CommandName[] {
  const [word = ""] = args;
  if (isCommand(word)) return [word];
  return word === "help" || args.some((arg) => arg === "-h" || arg === "--help") ? NAMES : [DEFAULT];
}

function isHidden(word: string): word is keyof typeof HIDDEN {
  return Object.hasOwn(HIDDEN, word);
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/**
 * `record` is the default command, so a mistyped command would be read as a channel.
 *
 * @param args as given on the command line
 * @throws InputError if the first is a word that is not a command
 */
function expectKnownCommand(args: readonly string[], names: readonly string[]): void {
  const [word = ""] = args;
  if (!/^[a-z][a-z-]*$/i.test(word) || names.includes(word) || word === "help") return;
  const meant = nearestName(word, names);
  throw new InputError(
    meant === undefined
      ? `"${word}" is neither a command nor a channel, expected ${names.join(", ")}, or discord://GUILD_ID/CHANNEL_ID, in which both ids are numbers`
      : `"${word}" is not a command; did you mean ${meant}?`,
  );
}
