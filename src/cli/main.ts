#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=2
import { Command } from "commander";
import { SOFTWARE } from "../version.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { explainFailure } from "./failure.ts";
import { fetchCommand } from "./fetch.ts";
import { jobManifestCommand } from "./job-manifest.ts";
import { loopbackCommand } from "./loopback.ts";
import { recordCommand } from "./record.ts";
import { recoverCommand } from "./recover.ts";
import { replayCommand } from "./replay.ts";
import { reportCommand } from "./report.ts";
import { verifyCommand } from "./verify.ts";

/**
 * What a command does is loaded when it runs: nobody waits for the libraries of another one, and the doctor can be asked
 * where those of recording are broken.
 */
const program = new Command(SOFTWARE.name)
  .description("Records a Discord voice channel: one Opus track per speaker, chat, roster and a manifest.")
  .version(SOFTWARE.version)
  .showHelpAfterError("(--help shows what there is)")
  .addCommand(recordCommand(), { isDefault: true })
  .addCommand(doctorCommand())
  .addCommand(replayCommand())
  .addCommand(loopbackCommand())
  .addCommand(recoverCommand())
  .addCommand(verifyCommand())
  .addCommand(fetchCommand())
  .addCommand(exportCommand())
  .addCommand(reportCommand())
  .addCommand(jobManifestCommand())
  .addCommand(demoCommand());

for (const command of program.commands) command.copyInheritedSettings(program);

// A terminal that was closed, or a pipe that nobody reads any more, ends no recording: what is written there is lost, and
// telling of it would be lost as well.
for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explainFailure(error);
}
