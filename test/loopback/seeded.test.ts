import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chance, noise, pick } from "../../src/loopback/seeded.ts";

describe("seeded chance", () => {
  it("is the same for the same keys, and lies in [0, 1)", () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), fc.nat(), (seed, purpose, index) => {
        const drawn = chance(seed, purpose, index);
        expect(drawn).toBe(chance(seed, purpose, index));
        expect(drawn).toBeGreaterThanOrEqual(0);
        expect(drawn).toBeLessThan(1);
      }),
    );
  });

  it("spreads evenly over neighbouring indices, whatever the seed", () => {
    for (const seed of [0, 1, 2, 1_000]) {
      const tenths = new Array(10).fill(0);
      for (let index = 0; index < 10_000; index += 1) tenths[Math.floor(chance(seed, "loss", index) * 10)] += 1;
      for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    }
  });

  it("picks whole numbers below the bound, each of them sometimes", () => {
    const picked = new Set(Array.from({ length: 200 }, (_, index) => pick(5, index)));
    expect([...picked].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it("makes noise of the requested length, and different noise for other keys", () => {
    expect(noise(64, 1, "a")).toEqual(noise(64, 1, "a"));
    expect(noise(64, 1, "a")).not.toEqual(noise(64, 1, "b"));
    expect(noise(0, 1)).toHaveLength(0);
    expect(new Set(noise(2_000, 7)).size).toBeGreaterThan(200);
  });
});
