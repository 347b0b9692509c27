import { expect, test } from "vitest";
import { Allowance } from "../../src/audio/allowance.ts";

test("An allowance permits a burst, then a fixed number per second, and saves up at most one burst.", () => {
  const allowance = new Allowance({ burst: 3, perSecond: 2 });
  const takenAt = (seconds: number, tries: number): number =>
    Array.from({ length: tries }, () => allowance.take(seconds * 48_000)).filter(Boolean).length;
  expect(takenAt(0, 10)).toBe(3);
  expect(takenAt(0.4, 10)).toBe(0);
  expect(takenAt(0.5, 10)).toBe(1);
  expect(takenAt(0.1, 10)).toBe(0);
  expect(takenAt(1.5, 10)).toBe(2);
  expect(takenAt(3_600, 10)).toBe(3);
});
