import { expect, it } from "vitest";
import { SearchBudget } from "../../../src/discord/receive/search-budget.ts";

const takes = (budget: SearchBudget, times: number, nowMs: number, ssrc = 1) =>
  Array.from({ length: times }, () => budget.take(ssrc, nowMs, 2));

it("allows so many searches within 100 ms, from the first one on", () => {
  const budget = new SearchBudget();
  expect(takes(budget, 1, 1_000)).toEqual([true]);
  expect(takes(budget, 2, 1_099)).toEqual([true, false]);
  expect(takes(budget, 3, 1_100)).toEqual([true, true, false]);
});

it("counts for each SSRC by itself, and begins again when something has changed", () => {
  const budget = new SearchBudget();
  expect(takes(budget, 3, 0)).toEqual([true, true, false]);
  expect(takes(budget, 3, 0, 2)).toEqual([true, true, false]);
  budget.reset();
  expect(takes(budget, 3, 0)).toEqual([true, true, false]);
});
