import { expect, test } from "vitest";
import { DROP_FATES, noDrops } from "../../src/audio/fates.ts";

test("Each fate is listed once, and its count starts at zero.", () => {
  expect(new Set(DROP_FATES).size).toBe(DROP_FATES.length);
  expect(Object.entries(noDrops())).toEqual(DROP_FATES.map((fate) => [fate, 0]));
});

test("Counts are not shared.", () => {
  const counts = noDrops();
  counts.late += 1;
  expect(noDrops().late).toBe(0);
});
