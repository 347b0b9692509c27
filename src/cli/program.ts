import { Command } from "commander";
import { InputError } from "../errors.ts";
import { invocation } from "../invocation.ts";
import { nearestName } from "../settings/nearest-name.ts";
import { SOFTWARE } from "../version.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { fetchCommand } from "./commands/fetch.ts";
import { jobManifestCommand } from "./commands/job-manifest.ts";
import { keysCommand } from "./commands/keys.ts";
import { listCommand } from "./commands/list.ts";
import { loopbackCommand } from "./commands/loopback.ts";
import { recordCommand } from "./commands/record.ts";
import { recoverCommand } from "./commands/recover.ts";
import { replayCommand } from "./commands/replay.ts";
import { reportCommand } from "./commands/report.ts";
import { serveCommand } from "./commands/serve.ts";
import { verifyCommand } from "./commands/verify.ts";
import { explainFailure } from "./process/failure.ts";

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
    const whole = program(invocation());
    expectKnownCommand(
      process.argv.slice(2),
      whole.commands.map((command) => command.name()),
    );
    await whole.parseAsync();
  } catch (error) {
    process.exitCode = explainFailure(error);
  }
}

/**
 * All commands.
 *
 * @param name what a person types to start the program; help shows it
 */
export function program(name: string): Command {
  const whole = new Command(name)
    .description("Records a Discord voice channel: one Opus track per speaker, chat, roster and a manifest.")
    .version(SOFTWARE.version)
    .showHelpAfterError("(see --help)")
    .addCommand(recordCommand(), { isDefault: true })
    .addCommand(doctorCommand())
    .addCommand(replayCommand())
    .addCommand(loopbackCommand())
    .addCommand(recoverCommand())
    .addCommand(verifyCommand())
    .addCommand(listCommand())
    .addCommand(fetchCommand())
    .addCommand(exportCommand())
    .addCommand(reportCommand())
    .addCommand(jobManifestCommand())
    .addCommand(serveCommand())
    .addCommand(keysCommand())
    .addCommand(demoCommand());
  for (const command of whole.commands) {
    command.copyInheritedSettings(whole);
    for (const part of command.commands) part.copyInheritedSettings(whole);
  }
  return whole;
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
      ? `"${word}" is neither a command nor a channel, expected ${names.join(", ")}, or discord://GUILD_ID/CHANNEL_ID`
      : `"${word}" is not a command; did you mean ${meant}?`,
  );
}
