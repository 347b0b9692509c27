import { describe, expect, it } from "vitest";
import { fuzzOnce } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

/** Bounded here; `npm run fuzz` runs for as many seconds as it is given. */
const INPUTS = 1_500;
const SEED = 20_260_101;

describe("code that reads a stranger's bytes neither throws nor returns more bytes than it got", () => {
  it.each(TARGETS)("$name", (target) => {
    const inputs = target.inputs ?? INPUTS;
    for (let seed = SEED; seed < SEED + inputs; seed += 1) fuzzOnce(target, seed);
  });

  it("fails with the seed if a reader throws", () => {
    const broken = { name: "broken", corpus: [Buffer.alloc(8)], run: (input: Buffer) => input.readUInt32BE(6) };
    expect(() => {
      for (let seed = 0; seed < 100; seed += 1) fuzzOnce(broken, seed);
    }).toThrow(/broken failed on seed \d+/);
  });
});
