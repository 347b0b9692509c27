import { Command } from "commander";
import { typed } from "../../invocation.ts";
import { writeNote } from "../../own-files.ts";
import { printable } from "../../text/safe-text.ts";
import { pathFor } from "../path-argument.ts";
import { untilClientLeft } from "../process/loopback-client.ts";
import { ENCRYPTION_MODE_OPTION, type PlayOptions, withLoopback } from "../process/with-loopback.ts";

interface LoopbackCommandOptions extends PlayOptions {
  readonly environmentFile?: string;
  readonly endWithClient?: boolean;
}

export function loopbackCommand(): Command {
  return new Command("loopback")
    .description("run a local Discord that plays a call from a fixture, and print the environment to use")
    .argument("<fixture>", "folder with call.jsonl and <userId>.rtpdump files", pathFor("loopback"))
    .addOption(ENCRYPTION_MODE_OPTION)
    .option("--no-dave", "play without end-to-end encryption")
    .option("--environment-file <file>", "write the variables as JSON to a file instead, as soon as it listens")
    .option("--end-with-client", "end 30 s after the client has left, or if none comes within 2 minutes")
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

function serve(folder: string, options: LoopbackCommandOptions): Promise<void> {
  return withLoopback(
    folder,
    options,
    async ({ loopback }) => {
      if (options.environmentFile !== undefined) {
        await writeNote(options.environmentFile, JSON.stringify(loopback.environment));
      } else {
        for (const [name, value] of Object.entries(loopback.environment)) {
          process.stdout.write(`export ${name}='${value}'\n`);
        }
      }
      const ends = [untilSignal("SIGINT"), untilSignal("SIGTERM")];
      await Promise.race(options.endWithClient === true ? [...ends, untilClientLeft(() => loopback.log)] : ends);
    },
    (line) => process.stderr.write(`${printable(line)}\n`),
  );
}

function untilSignal(signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => process.once(signal, () => resolve()));
}
