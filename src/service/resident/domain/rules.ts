import * as z from "zod";
import { quietHours } from "./quiet-hours.ts";
import { templateProblem } from "./title.ts";

/** Auto-record rules: when a call in a channel is recorded without a command. Pure. */

const snowflake = z.string().regex(/^\d{1,20}$/);

/** How many rules a server may have. */
export const MAX_RULES = 50;

/** The parts of a rule that the database keeps as JSON. */
export const ruleFields = z.object({
  target: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("channel"), channelId: snowflake }),
    z.object({ kind: z.literal("category"), categoryId: snowflake }),
    z.object({ kind: z.literal("server") }),
  ]),
  /** People in the channel, without bots. */
  fromPeople: z.int().min(1).max(99).default(2),
  /** One of them must be in the channel. Both empty: anybody will do. */
  starters: z
    .object({ roleIds: z.array(snowflake).max(25).default([]), userIds: z.array(snowflake).max(25).default([]) })
    .default({ roleIds: [], userIds: [] }),
  quietHours: quietHours.nullable().default(null),
  /** A template of `titleOf`; null for the default title. */
  title: z
    .string()
    .refine((template) => templateProblem(template) === undefined)
    .nullable()
    .default(null),
  /** Null for the server's own. */
  announceChannelId: snowflake.nullable().default(null),
  /** How long too few people may be there before the call ends. Whoever comes back within it is in the same recording. */
  returnSeconds: z.int().min(5).max(3_600).default(60),
});

export type RuleFields = Readonly<z.output<typeof ruleFields>>;
export type RuleTarget = RuleFields["target"];

export interface AutoRecordRule extends RuleFields {
  readonly id: string;
  readonly enabled: boolean;
}

/** @throws Error if the JSON is not a rule's */
export function readRule(row: {
  readonly id: string;
  readonly enabled: boolean;
  readonly ruleJson: string;
}): AutoRecordRule {
  return { ...ruleFields.parse(JSON.parse(row.ruleJson)), id: row.id, enabled: row.enabled };
}

interface Place {
  readonly id: string;
  readonly categoryId: string | null;
  readonly isAfk: boolean;
}

/** Whether the rule is for the channel. A rule for many channels leaves out the one for idle people. */
export function covers({ target }: Pick<AutoRecordRule, "target">, channel: Place): boolean {
  switch (target.kind) {
    case "channel":
      return target.channelId === channel.id;
    case "category":
      return target.categoryId === channel.categoryId && !channel.isAfk;
    case "server":
      return !channel.isAfk;
  }
}

const SPECIAL: Readonly<Record<RuleTarget["kind"], number>> = { channel: 0, category: 1, server: 2 };

/**
 * The rules that apply to a channel, the first one first. Rules for a channel replace those for its category, and those
 * replace the ones for the whole server. Rules that are off count as if they did not exist. Among the rules left, those
 * with starters come first, then those from fewer people on, then the older ones. Any of them may start a call.
 */
export function rulesFor(rules: readonly AutoRecordRule[], channel: Place): AutoRecordRule[] {
  const fitting = rules.filter((rule) => rule.enabled && covers(rule, channel));
  const level = Math.min(...fitting.map(({ target }) => SPECIAL[target.kind]));
  return fitting
    .filter(({ target }) => SPECIAL[target.kind] === level)
    .sort(
      (a, b) => Number(hasStarters(b)) - Number(hasStarters(a)) || a.fromPeople - b.fromPeople || compare(a.id, b.id),
    );
}

export function hasStarters({ starters }: Pick<AutoRecordRule, "starters">): boolean {
  return starters.roleIds.length + starters.userIds.length > 0;
}

/** With fewer people than this the rule's call ends. One person by themselves is a call only if the rule says so. */
export function stopBelow({ fromPeople }: Pick<AutoRecordRule, "fromPeople">): number {
  return Math.min(fromPeople, 2);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
