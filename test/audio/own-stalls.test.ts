import { describe, expect, it } from "vitest";
import { OwnStalls } from "../../src/audio/own-stalls.ts";

const MS = 48;

function stallsAfter(...ticksMs: readonly number[]): OwnStalls {
  const stalls = new OwnStalls();
  for (const atMs of ticksMs) stalls.tick(atMs * MS);
  return stalls;
}

describe("OwnStalls", () => {
  it("reports none while ticks arrive on time", () => {
    const stalls = stallsAfter(100, 200, 310, 400, 590);
    expect(stalls.before(600 * MS)).toBe(0);
  });

  it("moves a packet that is read in the second after a stall back by the length of the stall", () => {
    const stalls = stallsAfter(100, 200, 1_700, 1_800, 1_900, 2_000, 2_100, 2_200, 2_300, 2_400, 2_500, 2_600, 2_700);
    expect([150, 1_701, 2_600, 2_750].map((atMs) => stalls.before(atMs * MS) / MS)).toEqual([0, 1_500, 1_500, 0]);
  });

  it("detects a stall before the tick that ends it, and adds up several", () => {
    const stalls = stallsAfter(100, 1_100, 1_600);
    expect(stalls.before(2_200 * MS) / MS).toBe(1_000 + 500 + 600);
  });

  it("counts the time between the session's start and the first tick", () => {
    expect(stallsAfter(1_200).before(1_250 * MS) / MS).toBe(1_200);
  });
});
