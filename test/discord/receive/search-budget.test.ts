import { expect, it } from "vitest";
import { SearchBudget } from "../../../src/discord/receive/search-budget.ts";

const takes = (budget: SearchBudget, times: number, nowMs: number, ssrc = 1) =>
  Array.from({ length: times }, () => budget.take(ssrc, nowMs, 2));

it("allows a fixed number of searches within 100 ms of the first one", () => {
  const budget = new SearchBudget();
  expect(takes(budget, 1, 1_000)).toEqual([true]);
  expect(takes(budget, 2, 1_099)).toEqual([true, false]);
  expect(takes(budget, 3, 1_100)).toEqual([true, true, false]);
});

it("counts each SSRC separately, and starts over after a change", () => {
  const budget = new SearchBudget();
  expect(takes(budget, 3, 0)).toEqual([true, true, false]);
  expect(takes(budget, 3, 0, 2)).toEqual([true, true, false]);
  budget.reset();
  expect(takes(budget, 3, 0)).toEqual([true, true, false]);
});
