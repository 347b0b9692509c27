import { expect, test } from "vitest";
import { lossStartOf } from "./loss-start.ts";

const played = (...calls: readonly [rate: number, lost: number][]) => calls.map(([rate, lost]) => ({ rate, lost }));

test("losses start at the lowest rate that loses a packet, in whatever order the calls were played", () => {
  const start = lossStartOf(played([2, 7], [1, 0], [1.5, 1], [1.25, 0]));
  expect(start).toEqual({ fastestWithoutLoss: 1.25, startsAt: 1.5 });
});

test("a higher rate that happens to lose nothing does not move the start", () => {
  expect(lossStartOf(played([1, 0], [1.25, 3], [1.5, 0]))).toEqual({ fastestWithoutLoss: 1, startsAt: 1.25 });
});

test("if the first call has losses, no rate is free of loss", () => {
  expect(lossStartOf(played([1, 1], [2, 9]))).toEqual({ fastestWithoutLoss: undefined, startsAt: 1 });
});

test("if no call has losses, the start is unknown", () => {
  expect(lossStartOf(played([1, 0], [4, 0]))).toEqual({ fastestWithoutLoss: 4, startsAt: undefined });
});
