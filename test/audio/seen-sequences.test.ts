import { expect, test } from "vitest";
import { SeenSequences } from "../../src/audio/seen-sequences.ts";

test("It remembers the latest numbers, up to its capacity, negative ones too.", () => {
  const seen = new SeenSequences(4);
  expect([-1, 0, 1].map((sequence) => seen.has(sequence))).toEqual([false, false, false]);
  for (const sequence of [-3, -2, 0, 1, 2]) seen.add(sequence);
  // 1 and -3 share a place, 2 and -2 too: the later one has it.
  expect([-3, -2, -1, 0, 1, 2, 3, 4].map((sequence) => seen.has(sequence))).toEqual([
    ...[false, false, false],
    ...[true, true, true],
    ...[false, false],
  ]);
});
