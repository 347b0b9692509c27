import { expect, test } from "vitest";
import { retryAfterMs, verdictOn } from "../../src/delivery/verdict.ts";

test.each([
  [[200, 201, 202, 204, 299], "accepted"],
  [[408, 425, 429, 500, 502, 503, 504, 599], "try_again"],
  [[301, 302, 303, 307, 308, 400, 401, 403, 404, 409, 413, 422], "refused"],
  [[410], "gone"],
] as const)("%j is %s", (statuses, verdict) => {
  for (const status of statuses) expect(verdictOn(status)).toBe(verdict);
});

test.each([
  [undefined, 0],
  ["3", 3_000],
  ["0", 0],
  ["Thu, 15 Jan 2026 09:00:20 GMT", 20_000],
  ["Thu, 15 Jan 2026 08:00:00 GMT", 0],
  ["86400", 60_000],
  ["Fri, 16 Jan 2026 09:00:00 GMT", 60_000],
  ["soon", 0],
  ["-5", 0],
  ["", 0],
] as const)("Retry-After %j means %d ms", (header, milliseconds) => {
  const wait = retryAfterMs(header, new Date("2026-01-15T09:00:00.000Z"), 60_000);
  expect(wait).toBeGreaterThanOrEqual(0);
  expect(wait).toBe(milliseconds);
});
