import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { readFixture } from "../fixture/read-fixture.ts";
import { startLoopback } from "../loopback/loopback.ts";
import { ENCRYPTION_MODE_OPTION, type ReplayOptions } from "./replay.ts";

type LoopbackCommandOptions = Pick<ReplayOptions, "encryptionMode" | "dave">;

export function loopbackCommand(): Command {
  return new Command("loopback")
    .description("run our own Discord with a call from a fixture, and print the environment to use")
    .argument("<fixture>", "folder with call.jsonl and <userId>.rtpdump files")
    .addOption(ENCRYPTION_MODE_OPTION)
    .option("--no-dave", "play without end-to-end encryption")
    .addHelpText(
      "after",
      `
For testing an orchestrator, or any Discord client, without Discord. The call starts when the bot can hear.
The variables are printed as lines for a shell; NODE_EXTRA_CA_CERTS has to be set before the client starts.
Runs until Ctrl-C.`,
    )
    .action(serve);
}

async function serve(folder: string, options: LoopbackCommandOptions): Promise<void> {
  const fixture = await readFixture(folder);
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-loopback-"));
  const loopback = await startLoopback({
    fixture,
    workDir,
    daveProtocolVersion: options.dave ? 1 : 0,
    ...(options.encryptionMode === undefined ? {} : { encryptionModes: [options.encryptionMode] }),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    for (const [name, value] of Object.entries(loopback.environment))
      process.stdout.write(`export ${name}='${value}'\n`);
    await Promise.race([untilSignal("SIGINT"), untilSignal("SIGTERM")]);
  } finally {
    await loopback.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

function untilSignal(signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => process.once(signal, () => resolve()));
}
