import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Unwrapper } from "../../src/audio/unwrap.ts";

describe("Unwrapper", () => {
  it("follows a counter over any number of wraps, if each step is below half its range", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<16 | 32>(16, 32),
        fc.nat(),
        fc.array(fc.double({ min: -0.49, max: 0.49, noNaN: true }), { maxLength: 200 }),
        (bits, start, steps) => {
          const modulus = 2 ** bits;
          const unwrapper = new Unwrapper(bits);
          let truth = start % modulus;
          unwrapper.setReference(unwrapper.unwrap(truth));
          for (const step of steps) {
            truth += Math.trunc(step * modulus);
            const wrapped = ((truth % modulus) + modulus) % modulus;
            expect(unwrapper.unwrap(wrapped)).toBe(truth);
            unwrapper.setReference(truth);
          }
        },
      ),
    );
  });

  it("treats a step of half the range as backwards", () => {
    const unwrapper = new Unwrapper(16);
    unwrapper.setReference(0x8000);
    expect(unwrapper.unwrap(0xffff)).toBe(0xffff);
    expect(unwrapper.unwrap(0)).toBe(0);
  });
});
