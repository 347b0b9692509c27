import { Command } from "commander";
import { typed } from "../../invocation.ts";
import { channelArgument, channelIn } from "../channel-argument.ts";
import { endSoon } from "../process/end-process.ts";
import { orLogFailure } from "../process/failure.ts";
import { loadWork } from "../process/load-work.ts";
import type { RecordOptions } from "./run-record.ts";

export function recordCommand(): Command {
  return new Command("record")
    .description("record a voice channel until it is over (the default command)")
    .addArgument(channelArgument())
    .option("--config <file>", "JSON file with settings; the environment wins")
    .option("--no-view", "show only log lines, even at a terminal")
    .addHelpText(
      "after",
      `
Settings come from the environment; docs/reference/settings.md lists them. You need at least DISCORD_BOT_TOKEN_FILE, a
file that contains the bot's token. DISCORD_BOT_TOKEN takes the token itself, but then other processes of the same user can read
it during the whole call.

Ctrl-C, SIGTERM or a closed terminal leaves the channel and finishes the files. A second Ctrl-C or SIGTERM stops at once
and keeps the files in the spool.

Examples:
  export DISCORD_BOT_TOKEN_FILE=/run/secrets/discord_bot_token
  ${typed("record")} discord://81384788765712384/381870553235193857
  ${typed("record")} https://discord.com/channels/81384788765712384/381870553235193857
  ${typed("record")} 81384788765712384 381870553235193857`,
    )
    .action(async (channel: string[], options: RecordOptions) => {
      process.exitCode = await orLogFailure(process.env.MEETBOT_JOB_ID, async () => {
        const { record } = await loadWork(() => import("./run-record.ts"));
        return await record(channelIn(channel), options);
      });
      endSoon();
    });
}
