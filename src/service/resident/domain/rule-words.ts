import { plain } from "./markdown.ts";
import { type AutoRecordRule, hasStarters, stopBelow } from "./rules.ts";
import { titleLine } from "./title.ts";

/** Rules as sentences of Discord's Markdown. Pure. */

/** What exists in the server, by id. */
export interface KnownPlaces {
  readonly channelIds: ReadonlySet<string>;
  readonly roleIds: ReadonlySet<string>;
}

/** The whole rule as one sentence. */
export function ruleSentence(rule: AutoRecordRule): string {
  const { quietHours: hours, title, announceChannelId, returnSeconds } = rule;
  const parts = [
    `${targetWords(rule)} from ${rule.fromPeople === 1 ? "one person" : `${rule.fromPeople} people`} on`,
    ...(hasStarters(rule) ? [`if ${starterWords(rule)} is there`] : []),
    ...(hours === null ? [] : [`not from ${hours.from} to ${hours.to} (${hours.timeZone})`]),
    ...(title === null ? [] : [`with the title "${plain(titleLine(title))}"`]),
    ...(announceChannelId === null ? [] : [`announced in <#${announceChannelId}>`]),
  ];
  const few = stopBelow(rule) === 1 ? "nobody is" : "fewer than 2 people are";
  return `${parts.join(", ")}. It ends when ${few} there for ${returnSeconds} s.`;
}

export function targetWords({ target }: Pick<AutoRecordRule, "target">): string {
  switch (target.kind) {
    case "channel":
      return `<#${target.channelId}>`;
    case "category":
      return `channels of the category <#${target.categoryId}>`;
    case "server":
      return "every voice channel";
  }
}

/** Those whose presence the rule asks for. */
export function starterWords({ starters }: Pick<AutoRecordRule, "starters">): string {
  return [...starters.roleIds.map((id) => `<@&${id}>`), ...starters.userIds.map((id) => `<@${id}>`)].join(" or ");
}

/** What the rule names and the server no longer has, in sentences. */
export function staleParts(rule: AutoRecordRule, { channelIds, roleIds }: KnownPlaces): string[] {
  const { target, starters, announceChannelId } = rule;
  const place = target.kind === "channel" ? target.channelId : target.kind === "category" ? target.categoryId : null;
  const gone = starters.roleIds.filter((id) => !roleIds.has(id));
  const hasOthers = starters.roleIds.length + starters.userIds.length > gone.length;
  return [
    ...(place === null || channelIds.has(place) ? [] : [`Its ${target.kind} was deleted, so it records nothing.`]),
    ...(gone.length === 0
      ? []
      : [
          hasOthers
            ? "A role that it names was deleted. The others still start it."
            : "The role that it names was deleted, so nobody can start it. Remove this rule, or add one with another role.",
        ]),
    ...(announceChannelId === null || channelIds.has(announceChannelId)
      ? []
      : ["Its channel for announcements was deleted. The link is posted in the voice channel's own chat."]),
  ];
}
