import { stat } from "node:fs/promises";
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

it("collects garbage every five minutes after the first minutes", () => {
  const done: string[] = [];
  const collect = () => void done.push("collected");
  returnFreeMemory(ignored, () => () => void done.push("returned"), collect);
  vi.advanceTimersByTime(180_000);
  expect(done).not.toContain("collected");
  vi.advanceTimersByTime(600_000);
  expect(done.slice(90).filter((what) => what === "collected")).toHaveLength(2);
  expect(done.slice(90, 92)).toEqual(["collected", "returned"]);
});

it("collects the garbage of V8, and leaves its flags as they were", async () => {
  const reference = new WeakRef({});
  // The target of a new WeakRef lives until the event loop turns.
  await stat(".");
  returnFreeMemory(ignored, () => () => undefined);
  vi.advanceTimersByTime(240_000);
  await stat(".");
  expect(reference.deref()).toBeUndefined();
  expect(Reflect.has(globalThis, "gc")).toBe(false);
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
