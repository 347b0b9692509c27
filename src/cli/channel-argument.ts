import { Argument } from "commander";

/** The channel of a command: one word, or two ids. */
export function channelArgument(): Argument {
  return new Argument(
    "[channel...]",
    "discord://GUILD_ID/CHANNEL_ID, a link such as https://discord.com/channels/GUILD_ID/CHANNEL_ID, or GUILD_ID CHANNEL_ID; instead of MEETBOT_MEETING_URL",
  );
}

/** @returns what was given as the channel; undefined if nothing was */
export function channelIn(words: readonly string[]): string | undefined {
  return words.length === 0 ? undefined : words.join(" ");
}
