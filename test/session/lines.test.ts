import { expect, it } from "vitest";
import { linesOf } from "../../src/session/lines.ts";

const linesIn = (bytes: Buffer | string) => [...linesOf(Buffer.from(bytes))];

it("gives lines out one by one, also the one that is cut off", () => {
  expect(linesIn("a\n\nb")).toEqual(["a", "", "b"]);
  expect(linesIn("a\n")).toEqual(["a", ""]);
  expect(linesIn("")).toEqual([""]);
});

it("puts a text that is no JSON in the place of a line that is too long", () => {
  const longest = Buffer.alloc(16_000_000, "1");
  expect(linesIn(Buffer.concat([longest, Buffer.from("\nb")])).map((line) => line.length)).toEqual([16_000_000, 1]);
  expect(linesIn(Buffer.concat([longest, Buffer.from("1\nb")]))).toEqual(["(too long)", "b"]);
});
