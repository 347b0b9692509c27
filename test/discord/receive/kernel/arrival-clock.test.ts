import { describe, expect, it } from "vitest";
import { ArrivalClock, type ClockReading } from "../../../../src/discord/receive/kernel/arrival-clock.ts";

/** Any difference between the two clocks. */
const SINCE_1970_MS = 1_790_000_000_000;

function reading(nowMs: number, realTimeMs: number): ClockReading {
  return { beforeMs: nowMs, realTimeMs, afterMs: nowMs };
}

function clockAt(nowMs: number): ArrivalClock {
  return new ArrivalClock(reading(nowMs, SINCE_1970_MS + nowMs));
}

describe("an arrival time", () => {
  it("is the kernel's, however late the datagram is read", () => {
    const clock = clockAt(1_000);
    clock.set(reading(5_000, SINCE_1970_MS + 5_000));
    expect(clock.place(SINCE_1970_MS + 1_020)).toBe(1_020);
    expect(clock.place(SINCE_1970_MS + 1_040)).toBe(1_040);
  });

  it("is now if the kernel gives no time", () => {
    const clock = clockAt(1_000);
    clock.set(reading(1_100, SINCE_1970_MS + 1_100));
    expect(clock.place(undefined)).toBe(1_100);
  });

  it.each([
    ["forwards", 3_600_000],
    ["back", -3_600_000],
  ])("does not change if the clock is set %s meanwhile", (_, stepMs) => {
    const clock = clockAt(1_000);
    clock.set(reading(1_300, SINCE_1970_MS + stepMs + 1_300));
    expect(clock.place(SINCE_1970_MS + 1_100)).toBe(1_100);
    expect(clock.place(SINCE_1970_MS + stepMs + 1_200)).toBe(1_200);
    clock.emptied(1_300);
    clock.set(reading(1_400, SINCE_1970_MS + stepMs + 1_400));
    expect(clock.place(SINCE_1970_MS + stepMs + 1_350)).toBe(1_350);
  });

  it("follows a clock that is adjusted slowly", () => {
    const clock = clockAt(0);
    for (let nowMs = 1_000; nowMs <= 100_000; nowMs += 1_000) {
      const realTimeMs = SINCE_1970_MS + nowMs * 1.0005;
      clock.set(reading(nowMs, realTimeMs));
      expect(clock.place(realTimeMs - 50)).toBeCloseTo(nowMs - 50, 3);
      clock.emptied(nowMs);
    }
  });

  it("is not affected by an interruption while the clocks are read", () => {
    const clock = clockAt(1_000);
    clock.set({ beforeMs: 1_100, realTimeMs: SINCE_1970_MS + 1_100, afterMs: 1_180 });
    expect(clock.place(SINCE_1970_MS + 1_050)).toBe(1_050);
    clock.emptied(1_100);
    clock.set({ beforeMs: 1_200, realTimeMs: SINCE_1970_MS + 1_280, afterMs: 1_280 });
    expect(clock.place(SINCE_1970_MS + 1_150)).toBe(1_150);
  });

  it("is never before the queue was empty, before the previous datagram, or after now", () => {
    const clock = clockAt(1_000);
    clock.set(reading(1_100, SINCE_1970_MS + 1_100));
    expect(clock.place(SINCE_1970_MS + 900)).toBe(1_000);
    expect(clock.place(SINCE_1970_MS + 1_050)).toBe(1_050);
    expect(clock.place(SINCE_1970_MS + 1_049)).toBe(1_050);
    expect(clock.place(SINCE_1970_MS + 1_101)).toBe(1_100);
    clock.emptied(1_200);
    clock.set(reading(1_300, SINCE_1970_MS + 1_300));
    expect(clock.place(SINCE_1970_MS + 1_150)).toBe(1_200);
  });
});
