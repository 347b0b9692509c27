import { describe, expect, it } from "vitest";
import { TransitWindow } from "../../src/audio/transit.ts";

const SECOND = 48_000;

describe("TransitWindow", () => {
  it("knows nothing before the first packet, or after being cleared", () => {
    const window = new TransitWindow();
    expect(window.smallest(0)).toBeUndefined();
    window.add(0, 7);
    window.clear();
    expect(window.smallest(0)).toBeUndefined();
  });

  it("gives the smallest transit of the packets so far, in any order", () => {
    const window = new TransitWindow();
    for (const [seconds, transit] of [
      [0, 30],
      [1, 20],
      [2, 40],
      [7, 25],
      // In sending order, the arrival time may go back slightly.
      [4, 22],
      [8, 50],
    ] as const) {
      window.add(seconds * SECOND, transit);
    }
    expect(window.smallest(8 * SECOND)).toBe(20);
  });

  it("takes any number of packets in constant memory", () => {
    const window = new TransitWindow();
    for (const seconds of [0, 5, 10]) window.add(seconds * SECOND, 300_000);
    for (let index = 0; index < 200_000; index += 1) window.add(10 * SECOND + index, 200_000 - index);
    expect(window.smallest(15 * SECOND)).toBe(1);
  });

  it("forgets a transit after 25 to 30 seconds, in steps of 5", () => {
    const window = new TransitWindow();
    window.add(4.9 * SECOND, 10);
    window.add(5 * SECOND, 20);
    expect(window.smallest(29.9 * SECOND)).toBe(10);
    expect(window.smallest(30 * SECOND)).toBe(20);
    expect(window.smallest(34.9 * SECOND)).toBe(20);
    expect(window.smallest(35 * SECOND)).toBeUndefined();
  });

  it("forgets as packets arrive, without a timer", () => {
    const window = new TransitWindow();
    window.add(0, 10);
    window.add(30 * SECOND, 20);
    // A query for an earlier time: forgotten transits stay forgotten.
    expect(window.smallest(0)).toBe(20);
  });
});
