import { expect, it } from "vitest";
import { ReadPace } from "../../../../src/discord/receive/kernel/read-pace.ts";

/** The default buffer of Linux, and the buffer on a system with the limit raised to 4 MB. */
const DEFAULT_BYTES = 425_984;
const RAISED_BYTES = 8_388_608;

function paceAfter(bufferBytes: number, packetsPerSecond: number): number {
  const pace = new ReadPace(bufferBytes, 0);
  let nowMs = 0;
  for (let reading = 0; reading < 20; reading += 1) {
    const waitMs = pace.intervalMs;
    nowMs += waitMs;
    pace.note((packetsPerSecond * waitMs) / 1_000, nowMs);
  }
  return pace.intervalMs;
}

it.each([
  [DEFAULT_BYTES, 0, 100],
  [DEFAULT_BYTES, 4 * 50, 100],
  [DEFAULT_BYTES, 25 * 50, 25],
  [DEFAULT_BYTES, 99 * 50, 5],
  [DEFAULT_BYTES, 10_000, 5],
  [RAISED_BYTES, 99 * 50, 100],
  [RAISED_BYTES, 4 * 99 * 50, 25],
])("with a buffer of %i bytes and %i packets a second the queue is read every %i ms", (bytes, packets, expectedMs) => {
  expect(paceAfter(bytes, packets)).toBe(expectedMs);
});

it("speeds up at once, and slows down 2 s after the last burst", () => {
  const pace = new ReadPace(DEFAULT_BYTES, 0);
  pace.note(1_000, 100);
  expect(pace.intervalMs).toBe(5);
  for (let nowMs = 105; nowMs < 2_100; nowMs += 5) pace.note(0, nowMs);
  expect(pace.intervalMs).toBe(5);
  pace.note(0, 2_100);
  expect(pace.intervalMs).toBe(100);
});

it("does not take a momentary burst for a flood", () => {
  const pace = new ReadPace(DEFAULT_BYTES, 0);
  pace.note(8, 0.5);
  expect(pace.intervalMs).toBe(100);
});
