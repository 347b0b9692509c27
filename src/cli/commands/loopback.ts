import { Command } from "commander";
import { typed } from "../../invocation.ts";
import { printable } from "../../text/safe-text.ts";
import { pathFor } from "../path-argument.ts";
import { ENCRYPTION_MODE_OPTION, type PlayOptions, withLoopback } from "../process/with-loopback.ts";

export function loopbackCommand(): Command {
  return new Command("loopback")
    .description("run a local Discord that plays a call from a fixture, and print the environment to use")
    .argument("<fixture>", "folder with call.jsonl and <userId>.rtpdump files", pathFor("loopback"))
    .addOption(ENCRYPTION_MODE_OPTION)
    .option("--no-dave", "play without end-to-end encryption")
    .addHelpText(
      "after",
      `
Use it to test an orchestrator, or any Discord client, without Discord. The call starts when the first bot can hear it,
and is played once. A client that comes later finds the people who are still there, but nobody speaks. To play the call
again, start the command again.

The variables are printed as lines for a shell. NODE_EXTRA_CA_CERTS must be set before the client starts. The command
runs until Ctrl-C.

Example:
  ${typed("loopback")} test/fixtures/standup`,
    )
    .action(serve);
}

function serve(folder: string, options: PlayOptions): Promise<void> {
  return withLoopback(
    folder,
    options,
    async ({ loopback }) => {
      for (const [name, value] of Object.entries(loopback.environment)) {
        process.stdout.write(`export ${name}='${value}'\n`);
      }
      await Promise.race([untilSignal("SIGINT"), untilSignal("SIGTERM")]);
    },
    (line) => process.stderr.write(`${printable(line)}\n`),
  );
}

function untilSignal(signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => process.once(signal, () => resolve()));
}
