import { type AutoRecordRule, type RuleFields, ruleFields } from "../../../../src/service/resident/domain/rules.ts";
import type { PastCall, Present, Situation } from "../../../../src/service/resident/domain/situation.ts";

/** Situations of one voice channel, for tests of rules. */

export const NOW = Date.parse("2026-11-30T20:00:00.000Z");
export const CHANNEL = { id: "200000000000000001", name: "Meetings", categoryId: "300000000000000001", isAfk: false };
export const ROLE_ID = "400000000000000001";
export const BOT = {
  botId: "500000000000000001",
  name: "Recorder",
  isMember: true,
  missing: [],
  missingToPost: [],
  voiceChannelId: null,
};

export function rule(fields: Partial<RuleFields> = {}, id = "rule_1", enabled = true): AutoRecordRule {
  const target = { kind: "channel", channelId: CHANNEL.id };
  return { ...ruleFields.parse({ target, ...fields }), id, enabled };
}

export function person(number: number, roleIds: readonly string[] = []): Present {
  return { userId: `60000000000000000${number}`, isBot: false, roleIds };
}

export function bot(number: number): Present {
  return { userId: `70000000000000000${number}`, isBot: true, roleIds: [ROLE_ID] };
}

export function pastCall(changes: Partial<PastCall> = {}): PastCall {
  return {
    ...{ startedAt: NOW - 600_000, endedAt: NOW - 60_000, endedByRule: false },
    ...{ exitReason: "alone_in_room", failureCode: null, failureDetail: null },
    ...changes,
  };
}

/** Two people have been there for a minute, and one rule records them. */
export function situation(changes: Partial<Situation> = {}): Situation {
  return {
    ...{ now: NOW, channel: CHANNEL, rules: [rule()], present: [person(1), person(2)] },
    ...{ enoughSince: NOW - 60_000, live: [], past: [], emptyAt: null, refused: null, bots: [BOT] },
    ...changes,
  };
}
