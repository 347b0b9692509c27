import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { returnFreeMemory } from "../../../src/cli/process/return-memory.ts";

const ignored = { debug: () => undefined };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("returns memory every 2 s while code is optimized, and once a minute later", () => {
  let calls = 0;
  returnFreeMemory(ignored, () => () => {
    calls += 1;
  });
  vi.advanceTimersByTime(180_000);
  expect(calls).toBe(90);
  vi.advanceTimersByTime(600_000);
  expect(calls).toBe(100);
});

it("tries once if the C library has no such function, and says so", () => {
  const lines: string[] = [];
  let loads = 0;
  returnFreeMemory({ debug: (_: object, text?: string) => lines.push(text ?? "") }, () => {
    loads += 1;
    throw new Error("no malloc_trim");
  });
  vi.advanceTimersByTime(600_000);
  expect([loads, lines]).toEqual([1, ["free memory is not returned to the system: no malloc_trim"]]);
});

it.skipIf(process.platform !== "linux")("calls the C library of this system", () => {
  const lines: string[] = [];
  returnFreeMemory({ debug: (_: object, text?: string) => lines.push(text ?? "") });
  vi.advanceTimersByTime(2_000);
  expect(lines).toEqual([]);
});
