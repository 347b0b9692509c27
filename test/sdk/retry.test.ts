import { describe, expect, test } from "vitest";
import { isRetried, pauseMs, retryAfterMs } from "../../src/sdk/retry.ts";

const NOW = Date.parse("2026-05-09T14:00:00Z");

describe("pauses before retries", () => {
  test.each([
    [0, 0, 250],
    [0, 1, 500],
    [1, 0, 500],
    [3, 1, 4_000],
    [4, 1, 8_000],
    [20, 1, 8_000],
  ])("double up to 8 s, and half of each is random: retry %d with %d is %d ms", (retry, random, ms) => {
    expect(pauseMs(500, retry, random, undefined)).toBe(ms);
  });

  test.each([
    [0, 250],
    [100, 250],
    [900, 900],
  ])("are never shorter than usual, whatever the service asks for: %d ms is %d ms", (asked, ms) => {
    expect(pauseMs(500, 0, 0, asked)).toBe(ms);
  });

  test("follow exactly the statuses that may pass", () => {
    const statuses = Array.from({ length: 500 }, (_, status) => status + 100);
    expect(statuses.filter(isRetried)).toEqual([429, 500, 502, 503, 504]);
  });
});

describe("Retry-After", () => {
  test.each([
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7_000],
    ["Sat, 09 May 2026 14:00:30 GMT", 30_000],
    ["Saturday, 09-May-26 14:00:30 GMT", 30_000],
    ["Sat, 09 May 2026 13:00:00 GMT", 0],
  ])("is read as seconds or as a date: %s", (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });

  test.each([null, "", "-1", "1.5", "soon", "May 2026", "99999999999999999999", "Sat, 99 Foo"])(
    "is ignored if it is neither: %s",
    (header) => {
      expect(retryAfterMs(header, NOW)).toBeUndefined();
    },
  );
});
