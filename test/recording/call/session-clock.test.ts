import { expect, test } from "vitest";
import { SessionClock } from "../../../src/recording/call/session-clock.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

test("A session's time begins at 0 and follows the monotonic clock; its wall time does not jump.", async () => {
  const machine = new VirtualClock();
  const startedMs = machine.nowMs();
  const clock = new SessionClock(machine);
  expect(clock.nowMs()).toBe(0);
  expect(clock.startedAt.toISOString()).toBe("2026-01-01T00:00:05.000Z");
  await machine.advance(1_500);
  machine.wallOffsetMs = 3_600_000;
  expect(clock.nowMs()).toBe(1_500);
  expect(clock.isoAt(1_500)).toBe("2026-01-01T00:00:06.500Z");
  expect(clock.toSamples(startedMs)).toBe(0);
  expect(clock.toSamples(startedMs + 20)).toBe(960);
  expect(clock.toSamples(startedMs + 0.01)).toBe(0);
  expect(clock.toSamples(startedMs - 1_000)).toBe(-48_000);
});
