import { expect, test } from "vitest";
import { ClipIndex } from "../../../../src/report/browser/playback/clip-index.ts";

const SECOND = 48_000;
const END = 60 * SECOND;
/** The first speaker at 5 to 10 s and at 40 to 42 s, the second at 8 to 20 s. */
const INDEX = new ClipIndex([
  [0, 5 * SECOND, 5 * SECOND, 0],
  [1, 8 * SECOND, 12 * SECOND, 0],
  [0, 40 * SECOND, 2 * SECOND, 0],
]);

const after = (seconds: number, audible = [true, true]) => {
  const sample = INDEX.afterSilence(seconds * SECOND, END, audible);
  return sample === undefined ? undefined : sample / SECOND;
};

test("Silence is skipped until shortly before a person speaks, and after the last one until the end", () => {
  expect(after(0)).toBe(4.8);
  expect(after(20)).toBe(39.8);
  expect(after(42)).toBe(60);
});

test("Nothing is skipped while a person speaks, or is about to", () => {
  expect([after(6), after(9), after(15), after(39.5), after(59.5)]).toEqual(Array(5).fill(undefined));
});

test("A muted person is silent", () => {
  expect(after(12, [true, false])).toBe(39.8);
  expect(after(0, [false, true])).toBe(7.8);
});

test("The sounds in an interval are found, including a long clip that began earlier", () => {
  const at = 12 * SECOND;
  expect(INDEX.soundingBetween(INDEX.firstAt(at), at, at + SECOND)).toEqual([1]);
  expect(INDEX.soundingBetween(0, 9 * SECOND, 41 * SECOND)).toEqual([0, 1, 2]);
});
