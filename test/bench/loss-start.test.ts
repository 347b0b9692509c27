import { expect, test } from "vitest";
import { lossStartOf } from "./loss-start.ts";

const played = (...calls: readonly [speed: number, lost: number][]) => calls.map(([speed, lost]) => ({ speed, lost }));

test("losses start at the slowest call that loses a packet, in whatever order they were played", () => {
  const start = lossStartOf(played([2, 7], [1, 0], [1.5, 1], [1.25, 0]));
  expect(start).toEqual({ fastestWithoutLoss: 1.25, startsAt: 1.5 });
});

test("a faster call without loss, by luck, does not move the start", () => {
  expect(lossStartOf(played([1, 0], [1.25, 3], [1.5, 0]))).toEqual({ fastestWithoutLoss: 1, startsAt: 1.25 });
});

test("if the first call loses there is no speed without loss", () => {
  expect(lossStartOf(played([1, 1], [2, 9]))).toEqual({ fastestWithoutLoss: undefined, startsAt: 1 });
});

test("if no call loses the start is not known", () => {
  expect(lossStartOf(played([1, 0], [4, 0]))).toEqual({ fastestWithoutLoss: 4, startsAt: undefined });
});
