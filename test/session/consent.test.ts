import { describe, expect, it } from "vitest";
import { CONSENT_MODES, Consents } from "../../src/session/consent.ts";

const ALICE = "200000000000000001";

function consents(mode: Consents["mode"], ...answers: readonly (readonly [granted: boolean, atMs: number])[]) {
  const book = new Consents();
  book.mode = mode;
  for (const [granted, atMs] of answers) book.answer(ALICE, granted, atMs);
  return book;
}

describe("Consents", () => {
  it("are not asked for before the job says so", () => {
    expect(new Consents().mode).toBe("none");
  });

  it.each([
    ["none", true],
    ["notice", true],
    ["opt-out", true],
    ["opt-in", false],
  ] as const)("of people who do not answer keep, in %s: %s", (mode, kept) => {
    expect(consents(mode).mayKeep(ALICE, 100)).toBe(kept);
  });

  it.each(CONSENT_MODES)("use the last answer, in %s", (mode) => {
    expect(consents(mode, [false, 10]).mayKeep(ALICE, 20)).toBe(false);
    expect(consents(mode, [true, 10]).mayKeep(ALICE, 20)).toBe(true);
    expect(consents(mode, [false, 10], [true, 20]).mayKeep(ALICE, 30)).toBe(true);
    expect(consents(mode, [true, 10], [false, 20]).mayKeep(ALICE, 30)).toBe(false);
  });

  it("keep nothing from before a yes if a yes was needed, and nothing said before a no that arrives later", () => {
    expect(consents("opt-in", [true, 10]).mayKeep(ALICE, 9)).toBe(false);
    expect(consents("opt-out", [false, 10]).mayKeep(ALICE, 9)).toBe(false);
    expect(consents("opt-out", [false, 10], [true, 20]).mayKeep(ALICE, 19)).toBe(false);
    expect(consents("opt-out", [false, 10], [true, 20]).mayKeep(ALICE, 20)).toBe(true);
  });

  it("return what is known of a person's consent", () => {
    const book = consents("opt-out");
    expect(book.stateOf(ALICE)).toBe("not_asked");
    book.asked = true;
    expect(book.stateOf(ALICE)).toBe("unanswered");
    book.answer(ALICE, false, 1);
    expect(book.stateOf(ALICE)).toBe("declined");
    book.answer(ALICE, true, 2);
    expect(book.stateOf(ALICE)).toBe("granted");
  });

  it("declare when a person was present and not recorded, and only that", () => {
    const present = [
      { fromMs: 5, toMs: 15 },
      { fromMs: 30, toMs: 50 },
    ];
    expect(consents("opt-out").withheld(ALICE, present)).toEqual([]);
    expect(consents("opt-out", [false, 10], [true, 40]).withheld(ALICE, present)).toEqual([
      { fromMs: 10, toMs: 15 },
      { fromMs: 30, toMs: 40 },
    ]);
    expect(consents("opt-in", [true, 12]).withheld(ALICE, present)).toEqual([{ fromMs: 5, toMs: 12 }]);
    expect(consents("opt-in", [false, 12]).withheld(ALICE, present)).toEqual(present);
    expect(consents("opt-out", [false, 100]).withheld(ALICE, present)).toEqual([]);
    expect(consents("opt-out", [false, 15], [true, 30]).withheld(ALICE, present)).toEqual([]);
  });
});
