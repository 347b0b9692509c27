import { Command } from "commander";
import { invocation } from "../invocation.ts";
import { SOFTWARE } from "../version.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { fetchCommand } from "./commands/fetch.ts";
import { jobManifestCommand } from "./commands/job-manifest.ts";
import { listCommand } from "./commands/list.ts";
import { loopbackCommand } from "./commands/loopback.ts";
import { recordCommand } from "./commands/record.ts";
import { recoverCommand } from "./commands/recover.ts";
import { replayCommand } from "./commands/replay.ts";
import { reportCommand } from "./commands/report.ts";
import { verifyCommand } from "./commands/verify.ts";
import { expectKnownCommand } from "./known-command.ts";
import { explainFailure } from "./process/failure.ts";

/**
 * The command line. What a command does is loaded when it runs: nobody waits for the libraries of another one, and the
 * doctor can be asked if those of recording are broken.
 */
export async function run(): Promise<void> {
  // A terminal that was closed, or a pipe that nobody reads any more, ends no recording: what is written there is lost, and
  // a message about it would be lost as well.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
  // What is made holds people's voices: it is for its user alone, also what ffmpeg writes.
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
 * @param name what a person types to start the program, for usage and help
 */
export function program(name: string): Command {
  const whole = new Command(name)
    .description("Records a Discord voice channel: one Opus track per speaker, chat, roster and a manifest.")
    .version(SOFTWARE.version)
    .showHelpAfterError("(--help shows what there is)")
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
    .addCommand(demoCommand());
  for (const command of whole.commands) command.copyInheritedSettings(whole);
  return whole;
}
