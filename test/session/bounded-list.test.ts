import { expect, it } from "vitest";
import * as z from "zod";
import { fewNames, list } from "../../src/session/bounded-list.ts";
import { parseManifest } from "../../src/session/recording-files.ts";

it("A list stops its check at the third wrong item, and names each by its place.", () => {
  let checked = 0;
  const item = z.object({ n: z.number() }).refine(() => {
    checked += 1;
    return true;
  });
  const wrong = { n: "x" };
  const { error } = list(item).safeParse([{ n: 1 }, wrong, { n: 2 }, wrong, wrong, ...Array(1_000).fill({ n: 3 })]);
  expect(error?.issues.map(({ path }) => path)).toEqual([
    [1, "n"],
    [3, "n"],
    [4, "n"],
  ]);
  expect(checked).toBe(2);
});

it("A list of valid items equals an array of them.", () => {
  expect(list(z.number()).parse([1, 2])).toEqual([1, 2]);
  expect(list(z.number()).safeParse("x").error?.issues).toMatchObject([{ message: "expected a list" }]);
});

it.each([
  ["tracks", "{},"],
  ["events", "0,"],
  ["participants", '{"present":[0,0,0,0,0,0,0,0]},'],
])("A manifest with a million wrong %s is refused in one short sentence.", (field, wrong) => {
  const bytes = Buffer.from(`{"${field}":[${wrong.repeat(1_000_000)}0]}`);
  expect(parseManifest(bytes)).toMatch(
    /^not a manifest of version 1, or damaged \(.{1,300}; and at least \d\d more\)$/,
  );
});

it("An object has at most 1,000 names.", () => {
  const schema = fewNames(z.looseObject({}).nullable());
  const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 1]));
  expect(schema.safeParse(named(1_000)).success).toBe(true);
  expect(schema.safeParse(named(1_001)).error?.issues).toMatchObject([
    { code: "custom", message: "more than 1000 names" },
  ]);
  expect(schema.parse(null)).toBeNull();
  expect(fewNames(z.string()).parse("x".repeat(2_000))).toHaveLength(2_000);
});
