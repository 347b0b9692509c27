import { describe, expect, test } from "vitest";
import {
  type AutoLeaveOptions,
  type CallFact,
  type CallSnapshot,
  countdowns,
  decideLeave,
  observe,
  startSnapshot,
} from "../../src/session/auto-leave.ts";

const OPTIONS: AutoLeaveOptions = { entryDelayMs: 300_000, soloMs: 60_000, silenceMs: 900_000, maxMs: 14_400_000 };
/** A monotonic clock begins anywhere. */
const START_MS = 5_000_000.25;

type Step = readonly [atMs: number, fact: CallFact];
const joins = (userId: string): CallFact => ({ type: "human_joined", userId });
const leaves = (userId: string): CallFact => ({ type: "human_left", userId });
const speaks = (userId: string): CallFact => ({ type: "voice", userId });
const AWAY: CallFact = { type: "away" };
const LIVE: CallFact = { type: "live" };

/** What happened, by virtual time since the bot connected. */
function callWith(...steps: readonly Step[]): CallSnapshot {
  return steps.reduce((snapshot, [atMs, fact]) => observe(snapshot, fact, START_MS + atMs), startSnapshot(START_MS));
}

function reasonAt(snapshot: CallSnapshot, atMs: number, options: Partial<AutoLeaveOptions> = {}): string | undefined {
  return decideLeave(snapshot, START_MS + atMs, { ...OPTIONS, ...options })?.exitReason;
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

  test("is prevented by a person who comes in the last millisecond", () => {
    expect(reasonAt(callWith([299_999, joins("ada")]), 300_000)).toBeUndefined();
  });

  test("never applies again once somebody has been there", () => {
    const snapshot = callWith([1_000, joins("ada")], [2_000, leaves("ada")]);
    expect(reasonAt(snapshot, 300_000, { soloMs: 0 })).toBeUndefined();
  });
});

describe("alone in the room", () => {
  const left = callWith(
    [0, joins("ada")],
    [10_000, joins("kenta")],
    [20_000, leaves("ada")],
    [30_000, leaves("kenta")],
  );

  test("counts from when the last person left", () => {
    expectEndAt(left, 90_000, "alone_in_room");
  });

  test("is reset by who comes back in the last millisecond, and then counts anew", () => {
    const back = observe(left, joins("ada"), START_MS + 89_999);
    expect(reasonAt(back, 90_000)).toBeUndefined();
    expectEndAt(observe(back, leaves("ada"), START_MS + 100_000), 160_000, "alone_in_room");
  });

  test("does not apply while one person is left", () => {
    expect(reasonAt(callWith([0, joins("ada")], [1, joins("kenta")], [2, leaves("ada")]), 600_000)).toBeUndefined();
  });

  test("is not touched by the leaving of somebody who was not there, such as a bot", () => {
    expectEndAt(observe(left, leaves("jukebox"), START_MS + 50_000), 90_000, "alone_in_room");
  });

  test("is not delayed by a person who is reported twice", () => {
    const twice = callWith([0, joins("ada")], [5_000, joins("ada")], [30_000, leaves("ada")]);
    expectEndAt(twice, 90_000, "alone_in_room");
  });
});

describe("silence", () => {
  test("counts from when people are there", () => {
    expectEndAt(callWith([7_000, joins("ada")]), 907_000, "silence_timeout");
  });

  test("counts anew with each voice", () => {
    expectEndAt(callWith([0, joins("ada")], [899_999, speaks("ada")]), 1_799_999, "silence_timeout");
  });

  test("is not shortened by a further person", () => {
    expectEndAt(callWith([0, joins("ada")], [600_000, joins("kenta")]), 900_000, "silence_timeout");
  });

  test("is not broken by the voice of a bot", () => {
    expectEndAt(callWith([0, joins("ada")], [800_000, speaks("jukebox")]), 900_000, "silence_timeout");
  });

  test("does not apply where nobody is there, and counts anew for who comes", () => {
    const snapshot = callWith([0, joins("ada")], [1_000, leaves("ada")], [50_000, joins("kenta")]);
    expectEndAt(snapshot, 950_000, "silence_timeout");
  });
});

describe("the longest duration", () => {
  test("counts from when the bot connected, whatever happens", () => {
    const snapshot = callWith([0, joins("ada")], [14_399_999, speaks("ada")]);
    expectEndAt(snapshot, 14_400_000, "max_duration");
  });

  test("holds while voice is away, too", () => {
    expectEndAt(callWith([0, joins("ada")], [100_000, AWAY]), 14_400_000, "max_duration");
  });
});

describe("time in which voice is away", () => {
  test("lets no rule but the cap apply", () => {
    const away = callWith([0, joins("ada")], [1_000, leaves("ada")], [2_000, AWAY]);
    expect(reasonAt(away, 14_399_999)).toBeUndefined();
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

  test("in which the last person leaves makes the solo threshold begin with its end", () => {
    expectEndAt(
      callWith([0, joins("ada")], [10_000, AWAY], [20_000, leaves("ada")], [30_000, LIVE]),
      90_000,
      "alone_in_room",
    );
  });
});

describe("several rules due at once", () => {
  test("give the cap precedence", () => {
    const all = { maxMs: 1_000, entryDelayMs: 1_000 };
    expect(reasonAt(callWith(), 1_000, all)).toBe("max_duration");
    expect(reasonAt(callWith([0, joins("ada")]), 1_000, { maxMs: 1_000, silenceMs: 1_000 })).toBe("max_duration");
  });

  test("show in the countdowns, the soonest first, and none below 0", () => {
    const snapshot = callWith([0, joins("ada")], [1_000, leaves("ada")]);
    expect(countdowns(snapshot, START_MS + 31_000, OPTIONS)).toEqual([
      { exitReason: "alone_in_room", remainingMs: 30_000 },
      { exitReason: "max_duration", remainingMs: 14_369_000 },
    ]);
    expect(countdowns(snapshot, START_MS + 70_000, OPTIONS)[0]).toEqual({
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
    const off = { entryDelayMs: 0, soloMs: 0, silenceMs: 0, maxMs: 0 };
    const on = { ...off, [option]: 1_000 };
    expect(reasonAt(callWith(...steps), 10_000_000, on)).toBeDefined();
    expect(reasonAt(callWith(...steps), 10_000_000, off)).toBeUndefined();
    expect(countdowns(callWith(...steps), START_MS, off)).toEqual([]);
  });
});

test("The end says which rule it was, and its threshold in seconds.", () => {
  const end = decideLeave(callWith([0, joins("ada")], [1, leaves("ada")]), START_MS + 70_000, OPTIONS);
  expect(end).toEqual({ exitReason: "alone_in_room", detail: "the last person left 60 s ago and nobody came back" });
});

test("A snapshot is never changed in place.", () => {
  const before = callWith([0, joins("ada")]);
  const copy = structuredClone(before);
  observe(before, leaves("ada"), START_MS + 1);
  observe(before, joins("kenta"), START_MS + 1);
  expect(before).toEqual(copy);
});
