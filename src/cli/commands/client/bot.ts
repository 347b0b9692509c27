import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";

const work = () => loadWork(() => import("./run-bot.ts"));

export function botCommand(): Command {
  return new Command("bot")
    .description("send bots to calls by a job service, and follow and control them")
    .addCommand(dispatchCommand())
    .addCommand(
      onJob("get", "show a job, and who is in the call now").action(async (id, options) =>
        (await work()).get(id, options),
      ),
    )
    .addCommand(listCommand())
    .addCommand(
      onJob("watch", "print what happens to a job and in its call, until it is over").action(async (id, options) =>
        (await work()).watch(id, options),
      ),
    )
    .addCommand(verb("leave", "finish the recording and leave the call"))
    .addCommand(verb("pause", "pause the recording"))
    .addCommand(verb("resume", "resume a paused recording"))
    .addCommand(verb("stop", "stop recording for good; the bot stays in the call"))
    .addCommand(verb("cancel", "leave at once and keep what was recorded; a job that waits never starts"))
    .addCommand(
      new Command("chat")
        .description("write in the text channel of a job's call")
        .argument("<id>", "the job's id")
        .argument("<message>", "the text")
        .option("--json", "print one JSON object")
        .action(async (id, message, options) => (await work()).chat(id, message, options)),
    )
    .addHelpText(
      "after",
      `
The API key comes from MEETBOT_API_KEY or from ${typed("login")}, the service's address from MEETBOT_API_BASE_URL.

Exit codes: 0 success, 1 wrong input, 2 the service or the network failed, 3 not authenticated, 4 quota exceeded.

Examples:
  ${typed("bot")} dispatch https://discord.com/channels/GUILD_ID/CHANNEL_ID
  ${typed("bot")} ls --status recording --json`,
    );
}

function dispatchCommand(): Command {
  return new Command("dispatch")
    .description("send a bot to a voice channel, now or later; with a test key it plays a recorded call")
    .argument("[channel]", "the channel's link, or discord://GUILD_ID/CHANNEL_ID")
    .option("--external-id <id>", "your own id: a second dispatch with it shows the job that is there")
    .option("--text-channel <id>", "record the chat of this text channel")
    .option("--join-at <time>", "when to join, such as 2026-05-15T14:00:00Z; by default now")
    .option("--on-finalize <url>", "webhook for the end of the job")
    .option("--on-status <url>", "webhook for every other job event")
    .option("--request <file>", "JSON file with further fields of the request, such as autoLeave")
    .option("--watch", "then print what happens until the job is over")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nThe bot's token comes from DISCORD_BOT_TOKEN. A test key needs none.")
    .action(async (channel, options) => (await work()).dispatch(channel, options));
}

function listCommand(): Command {
  return new Command("ls")
    .description("list jobs, newest first")
    .option("--status <status>", "only jobs in this state, such as recording")
    .option("--external-id <id>", "only the job with your own id")
    .option("--limit <jobs>", "at most so many", "20")
    .option("--json", "print one JSON object for each job")
    .action(async (options) => (await work()).list(options));
}

function verb(name: "leave" | "pause" | "resume" | "stop" | "cancel", description: string): Command {
  return onJob(name, description).action(async (id, options) => (await work()).control(name, id, options));
}

function onJob(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument("<id>", "the job's id")
    .option("--json", name === "watch" ? "print one JSON object for each event" : "print one JSON object");
}
