import { expect, test } from "vitest";
import { fragmentOf, momentIn } from "../../../src/report/browser/moment.ts";

test.each([
  ["#t=1:02:03", 3_723_000],
  ["#t=12:30", 750_000],
  ["#t=90", 90_000],
  ["#t=00:00:07.5", 7_500],
  ["#t=00%3A01%3A00", 60_000],
])("%s is a moment", (fragment, atMs) => {
  expect(momentIn(fragment)).toBe(atMs);
});

test.each(["", "#", "#t=", "#t=-5", "#t=1:2:3:4", "#t=NaN", "#chat", "#t=1e9"])("%j is not one", (fragment) => {
  expect(momentIn(fragment)).toBeUndefined();
});

test("A link leads to the second that it was made for", () => {
  expect(fragmentOf(3_723_900)).toBe("#t=01:02:03");
  expect(momentIn(fragmentOf(3_723_900))).toBe(3_723_000);
});
