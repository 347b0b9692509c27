import { describe, expect, it } from "vitest";
import { fuzzOnce } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

/** Bounded here; `npm run fuzz` goes on for as long as one likes. */
const INPUTS = 1_500;
const SEED = 20_260_101;

describe("readers of strangers' bytes neither throw nor make more of them", () => {
  it.each(TARGETS)("$name", (target) => {
    for (let seed = SEED; seed < SEED + INPUTS; seed += 1) fuzzOnce(target, seed);
  });

  it("would notice a reader that throws", () => {
    const broken = { name: "broken", corpus: [Buffer.alloc(8)], run: (input: Buffer) => input.readUInt32BE(6) };
    expect(() => {
      for (let seed = 0; seed < 100; seed += 1) fuzzOnce(broken, seed);
    }).toThrow(/broken failed on seed \d+/);
  });
});
