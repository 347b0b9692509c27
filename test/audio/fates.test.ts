import { expect, test } from "vitest";
import { DROP_FATES, noDrops } from "../../src/audio/fates.ts";

test("Each fate is shown once, and counted from zero.", () => {
  expect([...DROP_FATES].sort()).toEqual(Object.keys(noDrops()).sort());
  expect(new Set(Object.values(noDrops()))).toEqual(new Set([0]));
});

test("Counts are not shared.", () => {
  const counts = noDrops();
  counts.late += 1;
  expect(noDrops().late).toBe(0);
});
