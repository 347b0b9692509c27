import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetOf, countedSince, DAY_MS, loginsForNewCalls } from "../../../src/service/domain/login-budget.ts";

const NOW = Date.parse("2026-05-09T14:00:00.000Z");
const HOUR_MS = 3_600_000;
const limit = { total: 1_000, remaining: 400, resetAt: NOW + HOUR_MS, seenAt: NOW - HOUR_MS };
const state = fc.record({
  total: fc.integer({ min: 1, max: 10_000 }),
  remaining: fc.integer({ min: 0, max: 10_000 }),
  resetAt: fc.integer({ min: NOW - 2 * DAY_MS, max: NOW + DAY_MS }),
  seenAt: fc.integer({ min: NOW - 2 * DAY_MS, max: NOW }),
});
const counted = fc.record({ count: fc.nat(2_000), oldestAt: fc.integer({ min: NOW - DAY_MS, max: NOW }) });

describe("a bot's logins", () => {
  it("are 1,000 a day as long as Discord has not said otherwise", () => {
    expect(countedSince(undefined, NOW)).toBe(NOW - DAY_MS);
    expect(budgetOf(undefined, undefined, NOW)).toEqual({ total: 1_000, left: 1_000, resetAt: null });
    expect(budgetOf(undefined, { count: 7, oldestAt: NOW - HOUR_MS }, NOW)).toEqual({
      ...{ total: 1_000, left: 993, resetAt: NOW + 23 * HOUR_MS },
    });
  });

  it("are what Discord said, without those since", () => {
    expect(countedSince(limit, NOW)).toBe(limit.seenAt);
    expect(budgetOf(limit, { count: 30, oldestAt: NOW - 1 }, NOW)).toEqual({
      ...{ total: 1_000, left: 370, resetAt: limit.resetAt },
    });
  });

  it("begin again when Discord's day is over", () => {
    const over = { ...limit, resetAt: NOW - HOUR_MS, seenAt: NOW - 3 * HOUR_MS };
    expect(countedSince(over, NOW)).toBe(over.resetAt);
    expect(budgetOf(over, { count: 5, oldestAt: NOW - 1 }, NOW)).toMatchObject({ left: 995 });
    expect(countedSince({ ...over, resetAt: NOW - 5 * DAY_MS }, NOW)).toBe(NOW - DAY_MS);
  });

  it("have a reserve that new calls cannot use", () => {
    expect(loginsForNewCalls({ total: 1_000, left: 1_000, resetAt: null })).toBe(950);
    expect(loginsForNewCalls({ total: 1_000, left: 51, resetAt: null })).toBe(1);
    expect(loginsForNewCalls({ total: 1_000, left: 50, resetAt: null })).toBe(0);
    expect(loginsForNewCalls({ total: 1_000, left: 0, resetAt: null })).toBe(0);
  });

  it("are never below zero, and never more after a login than before it", () => {
    fc.assert(
      fc.property(fc.option(state, { nil: undefined }), counted, (seen, used) => {
        const before = budgetOf(seen, used, NOW);
        const after = budgetOf(seen, { ...used, count: used.count + 1 }, NOW);
        expect(after.left).toBe(Math.max(0, before.left - 1));
        expect(loginsForNewCalls(after)).toBeLessThanOrEqual(loginsForNewCalls(before));
        expect(loginsForNewCalls(before)).toBeLessThanOrEqual(before.left);
        expect(countedSince(seen, NOW)).toBeLessThanOrEqual(NOW);
      }),
    );
  });
});
