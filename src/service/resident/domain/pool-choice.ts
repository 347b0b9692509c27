/** Which bot of the pool records a channel. An account is in one voice channel of a server at a time. Pure. */

export interface PoolBot {
  readonly botId: string;
  /** As Discord shows it. */
  readonly name: string;
  /** False if it is not a member of the server. */
  readonly isMember: boolean;
  /** Names of the permissions that it lacks in the channel. */
  readonly missing: readonly string[];
  /** Names of the permissions that it lacks to post in the channel's own chat. */
  readonly missingToPost: readonly string[];
  /** Where it sits now, as voice states show it. */
  readonly voiceChannelId: string | null;
}

export interface LiveCall {
  readonly jobId: string;
  readonly botId: string;
  readonly voiceChannelId: string;
}

export type PoolChoice =
  | { readonly kind: "free"; readonly bot: PoolBot }
  | { readonly kind: "recorded_already"; readonly call: LiveCall }
  /** The calls that occupy the bots, in the order of the bots. */
  | { readonly kind: "busy"; readonly calls: readonly LiveCall[]; readonly absent: readonly PoolBot[] }
  /** Another program uses the only bot. */
  | { readonly kind: "elsewhere"; readonly bot: PoolBot; readonly absent: readonly PoolBot[] }
  | { readonly kind: "not_permitted"; readonly bot: PoolBot }
  | { readonly kind: "no_member"; readonly absent: readonly PoolBot[] };

/**
 * The first bot that is a member, is in no call of this server and may join. The resident's own bot is the first of the
 * list, because its panel can carry the notice too.
 */
export function chooseBot(bots: readonly PoolBot[], live: readonly LiveCall[], voiceChannelId: string): PoolChoice {
  const here = live.find((call) => call.voiceChannelId === voiceChannelId);
  if (here !== undefined) return { kind: "recorded_already", call: here };
  const members = bots.filter(({ isMember }) => isMember);
  const absent = bots.filter(({ isMember }) => !isMember);
  if (members.length === 0) return { kind: "no_member", absent };
  const idle = members.filter(({ botId }) => live.every((call) => call.botId !== botId));
  const elsewhere = (bot: PoolBot): boolean => bot.voiceChannelId !== null && bot.voiceChannelId !== voiceChannelId;
  const free = idle.find((bot) => !elsewhere(bot) && bot.missing.length === 0);
  if (free !== undefined) return { kind: "free", bot: free };
  const forbidden = idle.find((bot) => !elsewhere(bot));
  if (forbidden !== undefined) return { kind: "not_permitted", bot: forbidden };
  const taken = idle[0];
  if (taken !== undefined) return { kind: "elsewhere", bot: taken, absent };
  const calls = members.flatMap(({ botId }) => live.filter((call) => call.botId === botId));
  return { kind: "busy", calls, absent };
}

/**
 * Why no bot can join, in sentences for the person who asked.
 *
 * @param invite the link that adds a bot to the server
 */
export function choiceSentence(
  choice: Exclude<PoolChoice, { kind: "free" }>,
  voiceChannelId: string,
  invite: (botId: string) => string,
): string {
  switch (choice.kind) {
    case "recorded_already":
      return `<#${voiceChannelId}> is being recorded already.`;
    case "busy": {
      const places = choice.calls.map((call) => `<#${call.voiceChannelId}>`).join(", ");
      const bots = choice.calls.length === 1 ? "The bot records" : "All bots of this server record";
      return `${bots} in ${places}. A bot can be in one voice channel of a server at a time. ${more(choice.absent, invite)}`;
    }
    case "elsewhere": {
      const where = choice.bot.voiceChannelId;
      return `${choice.bot.name} is in <#${where}> for something else. A bot can be in one voice channel of a server at a time. ${more(choice.absent, invite)}`;
    }
    case "not_permitted": {
      const { name, missing } = choice.bot;
      const noun = missing.length === 1 ? "the permission" : "the permissions";
      return `${name} lacks ${noun} ${missing.join(" and ")} in <#${voiceChannelId}>.`;
    }
    case "no_member":
      return `No bot that records is a member of this server. ${more(choice.absent, invite)}`;
  }
}

/** For a bot that may join and not write. */
export function cannotPostSentence({ name, missingToPost }: PoolBot, voiceChannelId: string): string {
  const noun = missingToPost.length === 1 ? "the permission" : "the permissions";
  return `⚠️ ${name} lacks ${noun} ${missingToPost.join(" and ")} in <#${voiceChannelId}>, so people there get neither panel nor notice.`;
}

function more(absent: readonly PoolBot[], invite: (botId: string) => string): string {
  const [first] = absent;
  return first === undefined
    ? "Stop that recording first, or ask whoever runs the bot for another bot."
    : `To record a further channel, add ${first.name}: ${invite(first.botId)}`;
}
