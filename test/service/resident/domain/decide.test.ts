import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, isEnough, nextLook, peopleIn, SETTLE_MS } from "../../../../src/service/resident/domain/decide.ts";
import { explain } from "../../../../src/service/resident/domain/explain.ts";
import type { Situation } from "../../../../src/service/resident/domain/situation.ts";
import { BOT, bot, CHANNEL, NOW, pastCall, person, ROLE_ID, rule, situation } from "./situations.ts";

const KNOWN = { channelIds: new Set([CHANNEL.id, CHANNEL.categoryId]), roleIds: new Set([ROLE_ID]) };
const invite = (botId: string) => `https://discord.com/oauth2/authorize?client_id=${botId}`;
const why = (of: Situation) => explain(decide(of), of, { known: KNOWN, invite });
const QUIET = { from: "19:00", to: "21:30", timeZone: "UTC" };

const LIVE = { jobId: "job_1", botId: BOT.botId, voiceChannelId: CHANNEL.id, origin: "command" } as const;
const ELSEWHERE = { ...LIVE, voiceChannelId: "200000000000000009" };

describe("a rule", () => {
  it("starts a call with the first free bot when its people are there", () => {
    expect(decide(situation())).toMatchObject({ kind: "start", rule: { id: "rule_1" }, bot: BOT });
    expect(why(situation())[0]).toBe("**The recording starts now.**");
  });

  it.each<[string, Partial<Situation>, object, string]>([
    [
      "too few people; bots are not counted",
      { present: [person(1), bot(1), bot(2)] },
      { kind: "too_few", people: 1 },
      "1 person is in the channel; the rule needs 2",
    ],
    [
      "nobody who starts it",
      { rules: [rule({ starters: { roleIds: [ROLE_ID], userIds: [] } })], present: [person(1), person(2), bot(1)] },
      { kind: "no_starter" },
      `<@&${ROLE_ID}>`,
    ],
    ["quiet hours", { rules: [rule({ quietHours: QUIET })] }, { kind: "quiet", until: NOW + 5_400_000 }, "quiet hours"],
    [
      "people who have just come",
      { enoughSince: NOW - 500 },
      { kind: "settling", until: NOW - 500 + SETTLE_MS },
      "if people stay",
    ],
    ["a call of a command in the channel", { live: [LIVE] }, { kind: "recorded_already" }, "somebody gave the command"],
    [
      "the only bot in another call",
      { live: [ELSEWHERE] },
      { kind: "no_bot", choice: { kind: "busy" } },
      "The bot records in <#200000000000000009>",
    ],
    [
      "a missing permission, by its name",
      { bots: [{ ...BOT, missing: ["Connect"] }] },
      { kind: "no_bot", choice: { kind: "not_permitted" } },
      "lacks the permission Connect",
    ],
    [
      "a bot that is not a member, with its link",
      { bots: [{ ...BOT, isMember: false }] },
      { kind: "no_bot", choice: { kind: "no_member" } },
      invite(BOT.botId),
    ],
    [
      "a recording that somebody ended, until everybody has left once",
      { past: [pastCall({ exitReason: "leave_requested" })], emptyAt: NOW - 120_000 },
      { kind: "paused", pause: { kind: "until_empty" } },
      "until everybody has left the channel once",
    ],
    [
      "a failure a moment ago, which it names",
      {
        past: [
          pastCall({
            exitReason: null,
            failureCode: "host_denied_admission",
            failureDetail: "the channel is full",
            endedAt: NOW - 10_000,
          }),
        ],
      },
      { kind: "paused", pause: { kind: "failed", until: NOW + 50_000 } },
      "the channel is full",
    ],
    [
      "a start that the service refused",
      { refused: { at: NOW - 1_000, until: NOW + 29_000, detail: "ten calls are its limit" } },
      { kind: "paused", pause: { kind: "failed", until: NOW + 29_000 } },
      "ten calls are its limit",
    ],
  ])("waits because of %s", (_name, changes, obstacle, sentence) => {
    const of = situation(changes);
    expect(decide(of)).toMatchObject({ kind: "wait", obstacle });
    expect(why(of).join("\n")).toContain(sentence);
  });

  it("starts again after everybody has left, and after a call that the rule ended itself", () => {
    const ended = pastCall({ exitReason: "leave_requested" });
    expect(decide(situation({ past: [ended], emptyAt: ended.endedAt })).kind).toBe("start");
    expect(decide(situation({ past: [{ ...ended, endedByRule: true }] })).kind).toBe("start");
  });

  it("waits twice as long after each failure in a row, and not at all after a call that worked", () => {
    const failed = pastCall({ failureCode: "network_loss", endedAt: NOW });
    const until = (count: number) => nextLook(decide(situation({ past: Array.from({ length: count }, () => failed) })));
    expect([1, 2, 3, 10].map((count) => Number(until(count)) - NOW)).toEqual([60_000, 120_000, 240_000, 3_600_000]);
    expect(decide(situation({ past: [pastCall(), failed] })).kind).toBe("start");
  });

  it("for the channel replaces those for its category and for the server; one that is off counts as absent", () => {
    const category = rule({ target: { kind: "category", categoryId: CHANNEL.categoryId }, fromPeople: 1 }, "rule_2");
    const server = rule({ target: { kind: "server" }, fromPeople: 1 }, "rule_3");
    const rules = [server, category, rule({ fromPeople: 5 })];
    expect(decide(situation({ rules }))).toMatchObject({ kind: "wait", rule: { id: "rule_1" } });
    expect(why(situation({ rules })).join("\n")).toContain("replace wider ones");
    const off = rules.map((each) => (each.id === "rule_1" ? { ...each, enabled: false } : each));
    expect(decide(situation({ rules: off }))).toMatchObject({ kind: "start", rule: { id: "rule_2" } });
    expect(decide(situation({ rules: [rule({}, "rule_1", false)] }))).toMatchObject({ kind: "no_rule" });
    expect(why(situation({ rules: [rule({}, "rule_1", false)] })).join("\n")).toContain("This rule is off");
  });

  it("for many channels leaves out the one for idle people", () => {
    const channel = { ...CHANNEL, isAfk: true };
    const targets = [{ kind: "server" }, { kind: "category", categoryId: CHANNEL.categoryId }] as const;
    for (const target of targets)
      expect(decide(situation({ channel, rules: [rule({ target })] })).kind).toBe("no_rule");
    expect(decide(situation({ channel })).kind).toBe("start");
  });

  it("of two for one channel starts if any is met; the one with starters is looked at first", () => {
    const master = rule({ fromPeople: 1, starters: { roleIds: [ROLE_ID], userIds: [] } }, "rule_9");
    const five = rule({ fromPeople: 5 });
    const alone = situation({ rules: [five, master], present: [person(1, [ROLE_ID])] });
    expect(decide(alone)).toMatchObject({ kind: "start", rule: { id: "rule_9" } });
    const many = situation({ rules: [five, master], present: [1, 2, 3, 4, 5].map((number) => person(number)) });
    expect(decide(many)).toMatchObject({ kind: "start", rule: { id: "rule_1" } });
    const few = situation({ rules: [five, master], present: [person(1)] });
    expect(decide(few)).toMatchObject({ kind: "wait", rule: { id: "rule_9" }, obstacle: { kind: "no_starter" } });
  });

  it("says that people will not be informed if the bot may not write in the channel", () => {
    const of = situation({ bots: [{ ...BOT, missingToPost: ["Send Messages"] }] });
    expect(decide(of).kind).toBe("start");
    expect(why(of).join("\n")).toContain("lacks the permission Send Messages");
  });

  it("says what of it was deleted", () => {
    const starters = { roleIds: ["499999999999999999"], userIds: [] };
    const of = situation({ rules: [rule({ starters, announceChannelId: "299999999999999999" })] });
    expect(why(of).join("\n")).toContain("The role that it names was deleted, so nobody can start it.");
    expect(why(of).join("\n")).toContain("Its channel for announcements was deleted.");
  });
});

describe("decisions", () => {
  const situations = fc.record({
    people: fc.integer({ min: 0, max: 6 }),
    bots: fc.integer({ min: 0, max: 3 }),
    fromPeople: fc.integer({ min: 1, max: 5 }),
    enabled: fc.boolean(),
    sinceMs: fc.option(fc.integer({ min: 0, max: 10_000 })),
    isLive: fc.boolean(),
    isQuiet: fc.boolean(),
    ended: fc.constantFrom(null, "leave_requested", "silence_timeout", "alone_in_room" as const),
    emptyAgoMs: fc.option(fc.integer({ min: 0, max: 120_000 })),
  });
  const made = fc.record({ of: situations }).map(({ of }) =>
    situation({
      present: [
        ...Array.from({ length: of.people }, (_, number) => person(number)),
        ...Array.from({ length: of.bots }, (_, number) => bot(number)),
      ],
      rules: [rule({ fromPeople: of.fromPeople, quietHours: of.isQuiet ? QUIET : null }, "rule_1", of.enabled)],
      enoughSince: of.sinceMs === null ? null : NOW - of.sinceMs,
      live: of.isLive ? [LIVE] : [],
      past: of.ended === null ? [] : [pastCall({ exitReason: of.ended })],
      emptyAt: of.emptyAgoMs === null ? null : NOW - of.emptyAgoMs,
    }),
  );

  it("start only with enough people, a rule that is on, no other call, and time since they came", () => {
    fc.assert(
      fc.property(made, (of) => {
        if (decide(of).kind !== "start") return;
        const [only] = of.rules;
        expect(only?.enabled).toBe(true);
        expect(peopleIn(of.present)).toBeGreaterThanOrEqual(only?.fromPeople ?? Number.NaN);
        expect([of.live.length, only?.quietHours]).toEqual([0, null]);
        expect(of.now - Number(of.enoughSince)).toBeGreaterThanOrEqual(SETTLE_MS);
        expect(isEnough(of)).toBe(true);
      }),
    );
  });

  it("are explained in sentences, and look again only later", () => {
    fc.assert(
      fc.property(made, (of) => {
        const decision = decide(of);
        const lines = why(of);
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) expect(line).not.toMatch(/undefined|null|NaN|\[object/);
        expect(lines[0]?.startsWith("**The recording starts now")).toBe(decision.kind === "start");
        expect(nextLook(decision) ?? of.now + 1).toBeGreaterThan(of.now);
      }),
    );
  });
});
