import { expect, test } from "vitest";
import { mean, median, percentile, slopeOf } from "./statistics.ts";

test("the median is the middle value, or the mean of the two in the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
});

test("the mean of nothing is 0", () => {
  expect([mean([]), mean([1, 2, 6])]).toEqual([0, 3]);
});

test("a percentile is the smallest value of the list that covers the share", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([percentile(values, 0.99), percentile(values, 0.5), percentile(values, 1)]).toEqual([99, 50, 100]);
  expect(percentile([], 0.99)).toBe(0);
});

test("the slope of a straight line is exact, with no error", () => {
  const points = [0, 1, 2, 5].map((x) => ({ x, y: 3 - 2 * x }));
  expect(slopeOf(points)).toEqual({ slope: -2, standardError: 0 });
});

test("the slope of a noisy line is within a few standard errors", () => {
  const points = Array.from({ length: 400 }, (_, x) => ({ x, y: 0.5 * x + ((x * 7_919) % 13) - 6 }));
  const { slope, standardError } = slopeOf(points);
  expect(standardError).toBeGreaterThan(0);
  expect(Math.abs(slope - 0.5)).toBeLessThan(4 * standardError);
});

test("a slope needs three points at different places", () => {
  const point = { x: 1, y: 1 };
  expect(() => slopeOf([point, { x: 2, y: 2 }])).toThrow(RangeError);
  expect(() => slopeOf([point, point, point])).toThrow(RangeError);
});
