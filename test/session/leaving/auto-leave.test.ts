import { describe, expect, test } from "vitest";
import { type AutoLeaveOptions, countdowns, decideLeave } from "../../../src/session/leaving/auto-leave.ts";
import {
  type CallFact,
  type CallSnapshot,
  observe,
  startSnapshot,
} from "../../../src/session/leaving/call-snapshot.ts";

const OPTIONS: AutoLeaveOptions = {
  entryDelayMs: 300_000,
  soloMs: 60_000,
  silenceMs: 900_000,
  maxMs: 14_400_000,
  onBotDetected: false,
};
/** A monotonic clock begins anywhere. */
const START_MS = 5_000_000.25;

type Step = readonly [atMs: number, fact: CallFact];
const joins = (userId: string): CallFact => ({ type: "present", userId, bot: false });
const botJoins = (userId: string, recorder?: "id" | "name"): CallFact => ({
  type: "present",
  userId,
  bot: true,
  recorder,
});
const leaves = (userId: string): CallFact => ({ type: "left", userId });
const speaks = (userId: string): CallFact => ({ type: "voices", userIds: [userId] });
const AWAY: CallFact = { type: "unknown", what: "reconnecting" };
const LIVE: CallFact = { type: "known", what: "reconnecting" };

/** What happened, by virtual time since the bot connected. */
function callWith(...steps: readonly Step[]): CallSnapshot {
  return steps.reduce((snapshot, [atMs, fact]) => observe(snapshot, fact, START_MS + atMs), startSnapshot(START_MS));
}

function reasonAt(snapshot: CallSnapshot, atMs: number, options: Partial<AutoLeaveOptions> = {}): string | undefined {
  return decideLeave(snapshot, START_MS + atMs, { ...OPTIONS, ...options })?.rule;
}

/** Asserts that the end comes at this moment, and not a millisecond before. */
function expectEndAt(snapshot: CallSnapshot, atMs: number, reason: string, options: Partial<AutoLeaveOptions> = {}) {
  expect(reasonAt(snapshot, atMs - 1, options)).toBeUndefined();
  expect(reasonAt(snapshot, atMs, options)).toBe(reason);
}

describe("nobody joined", () => {
  test("ends the call exactly at the entry delay", () => {
    expectEndAt(callWith(), 300_000, "nobody_joined");
  });

  test("is prevented by a person who joins in the last millisecond", () => {
    expect(reasonAt(callWith([299_999, joins("ada")]), 300_000)).toBeUndefined();
  });

  test("applies even if bots are present", () => {
    const snapshot = callWith([0, botJoins("jukebox")], [200_000, botJoins("dice")], [250_000, speaks("jukebox")]);
    expectEndAt(snapshot, 300_000, "nobody_joined");
  });

  test("never applies again once a person has been present", () => {
    const snapshot = callWith([1_000, joins("ada")], [2_000, leaves("ada")]);
    expect(reasonAt(snapshot, 300_000, { soloMs: 0 })).toBeUndefined();
  });
});

describe("a room without people", () => {
  const left = callWith(
    [0, joins("ada")],
    [10_000, joins("kenta")],
    [20_000, leaves("ada")],
    [30_000, leaves("kenta")],
  );

  test("counts from when the last person left", () => {
    expectEndAt(left, 90_000, "alone_in_room");
  });

  test("is reset by a person who returns in the last millisecond, and starts over when they leave", () => {
    const back = observe(left, joins("ada"), START_MS + 89_999);
    expect(reasonAt(back, 90_000)).toBeUndefined();
    expectEndAt(observe(back, leaves("ada"), START_MS + 100_000), 160_000, "alone_in_room");
  });

  test("does not apply while one person is left", () => {
    expect(reasonAt(callWith([0, joins("ada")], [1, joins("kenta")], [2, leaves("ada")]), 600_000)).toBeUndefined();
  });

  test("applies even if bots are present or join", () => {
    expectEndAt(observe(left, botJoins("jukebox"), START_MS + 40_000), 90_000, "alone_in_room");
  });

  test("is reset by a voice even if Discord never announced the person", () => {
    expectEndAt(observe(left, speaks("stranger"), START_MS + 80_000), 140_000, "alone_in_room");
  });

  test("is not affected if somebody leaves who was not present, such as a bot", () => {
    expectEndAt(observe(left, leaves("jukebox"), START_MS + 50_000), 90_000, "alone_in_room");
  });

  test("is not delayed if a person is reported twice", () => {
    const twice = callWith([0, joins("ada")], [5_000, joins("ada")], [30_000, leaves("ada")]);
    expectEndAt(twice, 90_000, "alone_in_room");
  });
});

describe("silence", () => {
  test("counts from when people are present", () => {
    expectEndAt(callWith([7_000, joins("ada")]), 907_000, "silence_timeout");
  });

  test("starts over at each voice", () => {
    expectEndAt(callWith([0, joins("ada")], [899_999, speaks("ada")]), 1_799_999, "silence_timeout");
  });

  test("is not shortened by another person", () => {
    expectEndAt(callWith([0, joins("ada")], [600_000, joins("kenta")]), 900_000, "silence_timeout");
  });

  test("is not ended by the voice of a bot", () => {
    const snapshot = callWith([0, joins("ada")], [0, botJoins("jukebox")], [800_000, speaks("jukebox")]);
    expectEndAt(snapshot, 900_000, "silence_timeout");
  });

  test("does not apply while nobody is present, and starts over for the next person", () => {
    const snapshot = callWith([0, joins("ada")], [1_000, leaves("ada")], [50_000, joins("kenta")]);
    expectEndAt(snapshot, 950_000, "silence_timeout");
  });
});

describe("the maximum duration", () => {
  test("counts from when the bot connected, whatever happens", () => {
    const snapshot = callWith([0, joins("ada")], [14_399_999, speaks("ada")]);
    expectEndAt(snapshot, 14_400_000, "max_duration");
  });

  test("counts time in which nobody can be heard, and can end the call then", () => {
    const unheard: CallFact = { type: "unknown", what: "unheard" };
    expectEndAt(callWith([0, joins("ada")], [100_000, unheard]), 14_400_000, "max_duration");
  });

  test("waits while the voice connection is lost, and is due as soon as it is back", () => {
    const away = callWith([0, joins("ada")], [14_300_000, AWAY]);
    expect(reasonAt(away, 14_500_000)).toBeUndefined();
    expect(countdowns(away, START_MS + 14_500_000, OPTIONS)[0]).toMatchObject({
      exitReason: "max_duration",
      remainingMs: 0,
      waitingFor: "reconnecting",
    });
    expect(reasonAt(observe(away, LIVE, START_MS + 14_500_000), 14_500_000)).toBe("max_duration");
  });
});

describe("another recorder", () => {
  const on = { onBotDetected: true };
  const craig = callWith([0, joins("ada")], [5_000, botJoins("craig", "id")]);

  test("ends the call at once if the settings ask for it, and not otherwise", () => {
    expect(reasonAt(craig, 5_000, on)).toBe("competing_bot");
    expect(reasonAt(craig, 5_000)).toBeUndefined();
  });

  test("is absent if the bot is not known to record, or has left", () => {
    expect(reasonAt(callWith([0, joins("ada")], [5_000, botJoins("jukebox")]), 5_000, on)).toBeUndefined();
    expect(reasonAt(observe(craig, leaves("craig"), START_MS + 5_001), 5_001, on)).toBeUndefined();
  });

  test("ends the call until the last of them has left", () => {
    const two = observe(craig, botJoins("scripty", "name"), START_MS + 6_000);
    const options = { ...OPTIONS, ...on };
    expect(decideLeave(two, START_MS + 6_000, options)).toMatchObject({
      sinceMs: START_MS + 5_000,
      evidence: {
        humansPresent: ["ada"],
        recordersPresent: [
          { id: "craig", knownBy: "id" },
          { id: "scripty", knownBy: "name" },
        ],
      },
      detail: "another recorder is in the channel: bot craig, known by its id; bot scripty, known by its name",
    });
    const one = observe(two, leaves("craig"), START_MS + 7_000);
    expect(decideLeave(one, START_MS + 7_000, options)).toMatchObject({ sinceMs: START_MS + 6_000 });
  });

  test("that is recognised by a new name counts from then", () => {
    const renamed = callWith([0, botJoins("bot")], [7_000, botJoins("bot", "name")], [8_000, botJoins("bot", "name")]);
    expect(decideLeave(renamed, START_MS + 9_000, { ...OPTIONS, ...on })).toMatchObject({
      rule: "competing_bot",
      sinceMs: START_MS + 7_000,
      detail: "another recorder is in the channel: bot bot, known by its name",
    });
  });
});

describe("time in which voice is disconnected", () => {
  test("prevents every rule", () => {
    const away = callWith([0, joins("ada")], [1_000, leaves("ada")], [2_000, AWAY]);
    expect(reasonAt(away, 100_000_000)).toBeUndefined();
  });

  test.each(["reconnecting", "unheard", "gateway_lost"] as const)(
    "stops the countdown and is named in it: %s",
    (what) => {
      const away = callWith([0, joins("ada")], [1_000, leaves("ada")], [11_000, { type: "unknown", what }]);
      expect(countdowns(away, START_MS + 500_000, OPTIONS)[0]).toEqual({
        exitReason: "alone_in_room",
        remainingMs: 50_000,
        sinceMs: START_MS + 1_000,
        thresholdMs: 60_000,
        waitingFor: what,
      });
    },
  );

  test("lasts until nothing is unknown any more", () => {
    const gateway = (type: "unknown" | "known"): CallFact => ({ type, what: "gateway_lost" });
    const back = callWith([0, joins("ada")], [10, AWAY], [20, gateway("unknown")], [30, LIVE], [50, gateway("known")]);
    expectEndAt(back, 900_040, "silence_timeout");
  });

  test.each<[string, readonly Step[], number, string]>([
    ["the entry delay", [], 300_000, "nobody_joined"],
    [
      "the solo threshold",
      [
        [0, joins("ada")],
        [1_000, leaves("ada")],
      ],
      61_000,
      "alone_in_room",
    ],
    ["the silence threshold", [[1_000, joins("ada")]], 901_000, "silence_timeout"],
  ])("does not count for %s", (_, before, dueMs, reason) => {
    const awayMs = 120_000;
    const back = callWith(...before, [50_000, AWAY], [50_000 + awayMs, LIVE]);
    expectEndAt(back, dueMs + awayMs, reason);
  });

  test("adds up over several times", () => {
    const back = callWith([0, joins("ada")], [10, AWAY], [30, LIVE], [40, AWAY], [90, LIVE]);
    expectEndAt(back, 900_070, "silence_timeout");
  });

  test("begins once, however often it is reported", () => {
    const back = callWith([0, joins("ada")], [10_000, AWAY], [20_000, AWAY], [30_000, LIVE], [40_000, LIVE]);
    expectEndAt(back, 920_000, "silence_timeout");
  });

  test("in which the last person leaves starts the solo threshold at its end", () => {
    expectEndAt(
      callWith([0, joins("ada")], [10_000, AWAY], [20_000, leaves("ada")], [30_000, LIVE]),
      90_000,
      "alone_in_room",
    );
  });
});

describe("several rules due at once", () => {
  test("fire in order of precedence, the cap first", () => {
    const all = { maxMs: 1_000, entryDelayMs: 1_000 };
    expect(reasonAt(callWith(), 1_000, all)).toBe("max_duration");
    expect(reasonAt(callWith([0, joins("ada")]), 1_000, { maxMs: 1_000, silenceMs: 1_000 })).toBe("max_duration");
  });

  test("appear in the countdowns, the soonest first, and none below 0", () => {
    const snapshot = callWith([0, joins("ada")], [1_000, leaves("ada")]);
    expect(countdowns(snapshot, START_MS + 31_000, OPTIONS)).toStrictEqual([
      { exitReason: "alone_in_room", remainingMs: 30_000, sinceMs: START_MS + 1_000, thresholdMs: 60_000 },
      { exitReason: "max_duration", remainingMs: 14_369_000, sinceMs: START_MS, thresholdMs: 14_400_000 },
    ]);
    expect(countdowns(snapshot, START_MS + 70_000, OPTIONS)[0]).toMatchObject({
      exitReason: "alone_in_room",
      remainingMs: 0,
    });
  });
});

describe("a threshold of 0", () => {
  test.each<[keyof AutoLeaveOptions, readonly Step[]]>([
    ["entryDelayMs", []],
    [
      "soloMs",
      [
        [0, joins("ada")],
        [1, leaves("ada")],
      ],
    ],
    ["silenceMs", [[0, joins("ada")]]],
    ["maxMs", [[0, joins("ada")]]],
  ])("turns the rule off: %s", (option, steps) => {
    const off = { entryDelayMs: 0, soloMs: 0, silenceMs: 0, maxMs: 0, onBotDetected: false };
    const on = { ...off, [option]: 1_000 };
    expect(reasonAt(callWith(...steps), 10_000_000, on)).toBeDefined();
    expect(reasonAt(callWith(...steps), 10_000_000, off)).toBeUndefined();
    expect(countdowns(callWith(...steps), START_MS, off)).toEqual([]);
  });
});

describe("the evidence of an end", () => {
  test("names the rule, since when it applied, and what it saw", () => {
    const call = callWith(
      [0, joins("ada")],
      [10, botJoins("jukebox")],
      [500, speaks("ada")],
      [1_000, leaves("ada")],
      [2_000, AWAY],
      [7_000, LIVE],
    );
    expect(decideLeave(call, START_MS + 70_000, OPTIONS)).toEqual({
      rule: "alone_in_room",
      thresholdMs: 60_000,
      sinceMs: START_MS + 1_000,
      evidence: {
        humansPresent: [],
        botsPresent: ["jukebox"],
        recordersPresent: [],
        humanSeen: true,
        lastToLeave: { id: "ada", atMs: START_MS + 1_000 },
        lastVoice: { id: "ada", atMs: START_MS + 500 },
        uncountedMs: 5_000,
      },
      detail:
        "the last person left and nobody came back within 60 s; 1 bot stayed, and bots do not count as company; not counting 5.0 s in which the bot could not see or hear the call",
    });
  });

  test.each<[string, readonly Step[], number]>([
    ["no person joined within 300 s of the bot connecting", [], 300_000],
    [
      "nobody spoke for 900 s, with 2 people in the call",
      [
        [0, joins("ada")],
        [0, joins("kenta")],
      ],
      900_000,
    ],
    ["nobody spoke for 900 s, with 1 person in the call", [[0, joins("ada")]], 900_000],
    [
      "no person joined within 300 s of the bot connecting; 2 bots stayed, and bots do not count as company",
      [
        [0, botJoins("jukebox")],
        [0, botJoins("dice")],
      ],
      300_000,
    ],
    [
      "the bot has been connected for 14400 s, the longest duration",
      [
        [0, joins("ada")],
        [14_399_000, speaks("ada")],
      ],
      14_400_000,
    ],
  ])("is a sentence: %s", (detail, steps, atMs) => {
    expect(decideLeave(callWith(...steps), START_MS + atMs, OPTIONS)?.detail).toBe(detail);
  });
});

test("A snapshot is never changed in place.", () => {
  const before = callWith([0, joins("ada")]);
  const copy = structuredClone(before);
  observe(before, leaves("ada"), START_MS + 1);
  observe(before, joins("kenta"), START_MS + 1);
  expect(before).toEqual(copy);
});
