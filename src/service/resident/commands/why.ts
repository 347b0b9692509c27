import { InputError } from "../../../errors.ts";
import type { CommandHandler } from "./request.ts";
import { idOption, type RuleParts } from "./rule-parts.ts";

/** Which rule applies to a channel, and why it starts a recording now or does not. Anybody may ask. */
export function whyCommand({ auto, invite }: Pick<RuleParts, "auto" | "invite">): CommandHandler {
  return {
    run: async (request) => {
      const channelId = idOption(request, "channel") ?? request.channelId;
      const lines = await auto.explain(request.guildId, channelId, invite);
      if (lines === undefined)
        throw new InputError(`The bot cannot see <#${channelId}>: it lacks the permission View Channel.`);
      return { text: lines.join("\n") };
    },
  };
}
