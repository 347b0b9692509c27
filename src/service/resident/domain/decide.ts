import { type Pause, pauseAfter } from "./pause-after.ts";
import { chooseBot, type PoolBot, type PoolChoice } from "./pool-choice.ts";
import { isQuiet, quietUntil } from "./quiet-hours.ts";
import { type AutoRecordRule, covers, hasStarters, rulesFor } from "./rules.ts";
import type { Present, RunningCall, Situation } from "./situation.ts";

/** Which rule applies to a channel, and why it starts a call now or does not. Pure. */

/** People who hop through channels do not start a call. */
export const SETTLE_MS = 2_000;

/** Why a rule does not start a call. */
export type Obstacle =
  | { readonly kind: "recorded_already"; readonly call: RunningCall }
  | { readonly kind: "quiet"; readonly until: number }
  | { readonly kind: "too_few"; readonly people: number }
  | { readonly kind: "no_starter" }
  | { readonly kind: "paused"; readonly pause: Pause }
  /** The conditions have to hold until then. */
  | { readonly kind: "settling"; readonly until: number }
  | { readonly kind: "no_bot"; readonly choice: Exclude<PoolChoice, { kind: "free" | "recorded_already" }> };

export type Decision =
  | { readonly kind: "start"; readonly rule: AutoRecordRule; readonly bot: PoolBot }
  | { readonly kind: "wait"; readonly rule: AutoRecordRule; readonly obstacle: Obstacle }
  /** The rules that fit the channel and are off. */
  | { readonly kind: "no_rule"; readonly off: readonly AutoRecordRule[] };

/** The starter acts on this, and `/record why` shows it, so they cannot differ. */
export function decide(situation: Situation): Decision {
  const { rules, channel } = situation;
  const applying = rulesFor(rules, channel);
  const [first] = applying;
  if (first === undefined) return { kind: "no_rule", off: rules.filter((rule) => covers(rule, channel)) };
  const met = applying.find((rule) => conditionOf(rule, situation) === undefined);
  const rule = met ?? first;
  const obstacle = recordedAlready(situation) ?? conditionOf(rule, situation) ?? hindranceOf(situation);
  if (obstacle !== undefined) return { kind: "wait", rule, obstacle };
  const choice = chooseBot(situation.bots, situation.live, channel.id);
  if (choice.kind === "free") return { kind: "start", rule, bot: choice.bot };
  if (choice.kind === "recorded_already") throw new TypeError("this was looked at above");
  return { kind: "wait", rule, obstacle: { kind: "no_bot", choice } };
}

/** Whether the people who are there now would be enough for one of the channel's rules. Hours do not matter. */
export function isEnough(situation: Pick<Situation, "rules" | "channel" | "present">): boolean {
  return rulesFor(situation.rules, situation.channel).some(
    (rule) => peopleObstacle(rule, situation.present) === undefined,
  );
}

/** When the answer may change by time only; undefined if something has to happen first. */
export function nextLook(decision: Decision): number | undefined {
  if (decision.kind !== "wait") return undefined;
  const { obstacle } = decision;
  switch (obstacle.kind) {
    case "quiet":
    case "settling":
      return obstacle.until;
    case "paused":
      return obstacle.pause.kind === "failed" ? obstacle.pause.until : undefined;
    default:
      return undefined;
  }
}

/** How many people are there. Bots are not counted. */
export function peopleIn(present: readonly Present[]): number {
  return present.filter(({ isBot }) => !isBot).length;
}

function recordedAlready({ live, channel }: Situation): Obstacle | undefined {
  const call = live.find(({ voiceChannelId }) => voiceChannelId === channel.id);
  return call === undefined ? undefined : { kind: "recorded_already", call };
}

/** What of the rule's own conditions is not met. */
function conditionOf(rule: AutoRecordRule, { present, now }: Situation): Obstacle | undefined {
  const { quietHours } = rule;
  const byPeople = peopleObstacle(rule, present);
  if (byPeople !== undefined) return byPeople;
  if (quietHours === null || !isQuiet(quietHours, now)) return undefined;
  return { kind: "quiet", until: quietUntil(quietHours, now) };
}

function peopleObstacle(rule: AutoRecordRule, present: readonly Present[]): Obstacle | undefined {
  const people = peopleIn(present);
  if (people < rule.fromPeople) return { kind: "too_few", people };
  if (hasStarters(rule) && !present.some((person) => isStarter(rule, person))) return { kind: "no_starter" };
  return undefined;
}

function isStarter({ starters }: AutoRecordRule, { userId, roleIds, isBot }: Present): boolean {
  if (isBot) return false;
  return starters.userIds.includes(userId) || roleIds.some((id) => starters.roleIds.includes(id));
}

/** What keeps every rule of the channel from starting. */
function hindranceOf({ past, emptyAt, enoughSince, refused, now }: Situation): Obstacle | undefined {
  if (refused !== null && refused.until > now) {
    const { at, until, detail } = refused;
    return { kind: "paused", pause: { kind: "failed", endedAt: at, until, detail } };
  }
  const pause = pauseAfter(past, { emptyAt, now });
  if (pause !== undefined) return { kind: "paused", pause };
  const until = (enoughSince ?? now) + SETTLE_MS;
  return until > now ? { kind: "settling", until } : undefined;
}
