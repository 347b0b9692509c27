import { describe, expect, test } from "vitest";
import { Roster, speakerLabel } from "../../src/session/roster.ts";

const ADA = { id: "1", username: "ada", displayName: "Ada", bot: false };
const KENTA = { id: "2", username: "kenta", displayName: "健太", bot: false };

describe("the roster", () => {
  test("keeps everyone who was present, in order of arrival, with each visit", () => {
    const roster = new Roster();
    roster.join(KENTA, 0);
    roster.join(ADA, 100);
    roster.leave(KENTA.id, 200);
    roster.join(KENTA, 300);
    expect(roster.participants()).toEqual([
      {
        ...KENTA,
        speakerLabel: "A",
        present: [
          { fromMs: 0, toMs: 200 },
          { fromMs: 300, toMs: null },
        ],
      },
      { ...ADA, speakerLabel: "B", present: [{ fromMs: 100, toMs: null }] },
    ]);
  });

  test("opens no second visit for a person who is present", () => {
    const roster = new Roster();
    expect(roster.join(ADA, 0)).toBe(true);
    expect(roster.join(ADA, 50)).toBe(false);
    expect(roster.participants()[0]?.present).toEqual([{ fromMs: 0, toMs: null }]);
  });

  test("ignores a departure of a person who has left already or never came", () => {
    const roster = new Roster();
    roster.join(ADA, 0);
    expect(roster.leave(ADA.id, 10)).toBe(true);
    expect(roster.leave(ADA.id, 20)).toBe(false);
    expect(roster.leave("nobody", 20)).toBe(false);
    expect(roster.participants()[0]?.present).toEqual([{ fromMs: 0, toMs: 10 }]);
  });

  test("knows who is present", () => {
    const roster = new Roster();
    expect(roster.isPresent(ADA.id)).toBe(false);
    expect(roster.get(ADA.id)).toBeUndefined();
    roster.join(ADA, 0);
    expect(roster.isPresent(ADA.id)).toBe(true);
    roster.leave(ADA.id, 1);
    expect(roster.isPresent(ADA.id)).toBe(false);
  });

  test("shows the newest name, from a rename or a return", () => {
    const roster = new Roster();
    roster.join(ADA, 0);
    roster.rename({ ...ADA, displayName: "Ada O." });
    expect(roster.get(ADA.id)?.displayName).toBe("Ada O.");
    roster.join({ ...ADA, displayName: "Ada Okafor" }, 10);
    expect(roster.get(ADA.id)?.displayName).toBe("Ada Okafor");
  });

  test("labels speakers in the order of their first words", () => {
    const roster = new Roster();
    roster.join(ADA, 0);
    roster.join(KENTA, 0);
    expect([KENTA.id, ADA.id, KENTA.id].map((id) => roster.spoke(id))).toEqual([true, true, false]);
    expect(roster.participants().map(({ id, speakerLabel }) => [id, speakerLabel])).toEqual([
      [ADA.id, "B"],
      [KENTA.id, "A"],
    ]);
  });

  test("knows who has spoken", () => {
    const roster = new Roster();
    expect(roster.hasSpoken(ADA.id)).toBe(false);
    roster.join(ADA, 0);
    expect(roster.hasSpoken(ADA.id)).toBe(false);
    roster.spoke(ADA.id);
    expect(roster.hasSpoken(ADA.id)).toBe(true);
  });

  test("labels people who never spoke after those who did", () => {
    const roster = new Roster();
    for (const person of [ADA, KENTA, { ...ADA, id: "3" }]) roster.join(person, 0);
    roster.spoke(KENTA.id);
    expect(roster.participants().map(({ speakerLabel }) => speakerLabel)).toEqual(["B", "A", "C"]);
  });

  test("lists a speaker who was never seen by id, and by name once that is known", () => {
    const roster = new Roster();
    roster.spoke("3");
    expect(roster.participants()).toEqual([
      { id: "3", username: "3", displayName: "3", bot: false, speakerLabel: "A", present: [] },
    ]);
    roster.join({ ...ADA, id: "3" }, 5);
    expect(roster.participants()).toMatchObject([{ displayName: "Ada", speakerLabel: "A", present: [{ fromMs: 5 }] }]);
  });
});

test("Labels count like spreadsheet columns.", () => {
  const indexes = [0, 1, 25, 26, 27, 51, 52, 701, 702];
  expect(indexes.map(speakerLabel)).toEqual(["A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
});

test("No two of a thousand labels are alike.", () => {
  expect(new Set(Array.from({ length: 1_000 }, (_, index) => speakerLabel(index))).size).toBe(1_000);
});
