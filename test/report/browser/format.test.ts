import { expect, test } from "vitest";
import { clock, lengthInWords, sizeInWords, talkTimeInWords } from "../../../src/report/browser/format.ts";

test.each([
  [-500, "0:00"],
  [7_999, "0:07"],
  [750_000, "12:30"],
  [3_723_000, "1:02:03"],
])("A clock shows %d ms as %s", (milliseconds, text) => {
  expect(clock(milliseconds)).toBe(text);
});

test.each([
  [7_400, "7 s"],
  [750_000, "12 min 30 s"],
  [3_723_000, "1 h 2 min"],
])("%d ms are %s", (milliseconds, text) => {
  expect(lengthInWords(milliseconds)).toBe(text);
});

test("An unknown talk time is not shown as zero", () => {
  expect([talkTimeInWords(undefined), talkTimeInWords(0)]).toEqual(["talk time unknown", "0 s"]);
});

test("Sizes are rounded for readers", () => {
  expect([sizeInWords(1), sizeInWords(48_200), sizeInWords(1_240_000)]).toEqual(["1 kB", "49 kB", "1.2 MB"]);
});
