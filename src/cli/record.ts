import { Command } from "commander";
import { nearestName } from "../config/nearest-name.ts";
import { InputError } from "../errors.ts";
import { typed } from "./invocation.ts";
import { optimizeLate } from "./late-optimizing.ts";
import { loadWork } from "./load-work.ts";
import type { RecordOptions } from "./run-record.ts";

export function recordCommand(): Command {
  return new Command("record")
    .description("record a voice channel until it is over (the default command)")
    .argument("[channel]", "discord://GUILD_ID/CHANNEL_ID, instead of MEETBOT_MEETING_URL")
    .option("--config <file>", "JSON file with settings; the environment wins")
    .option("--no-view", "log lines alone, at a terminal too")
    .addHelpText(
      "after",
      `
Settings come from the environment: DISCORD_BOT_TOKEN at least; the README lists them all.
Ctrl-C, SIGTERM or a closed terminal leaves the channel and finishes the files; once more stops at once and keeps them in the spool.

Example:
  read -rs DISCORD_BOT_TOKEN && export DISCORD_BOT_TOKEN
  ${typed("record")} discord://81384788765712384/381870553235193857`,
    )
    .action(async (channel: string | undefined, options: RecordOptions, command: Command) => {
      expectChannel(channel, command.parent?.commands ?? []);
      optimizeLate();
      const { record } = await loadWork(() => import("./run-record.ts"));
      process.exitCode = await record(channel, options);
    });
}

/** @throws InputError where a word stands in the channel's place: since `record` need not be named, a mistyped command does */
function expectChannel(channel: string | undefined, commands: readonly Command[]): void {
  if (channel === undefined || !/^[a-z-]+$/i.test(channel)) return;
  const names = commands.map((command) => command.name());
  const meant = nearestName(channel, names);
  throw new InputError(
    meant === undefined
      ? `"${channel}" is neither a command nor a channel, expected ${names.join(", ")}, or discord://GUILD_ID/CHANNEL_ID`
      : `"${channel}" is no command; did you mean ${meant}?`,
  );
}
