import { performance } from "node:perf_hooks";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../src/compose/system-clock.ts";

describe("the machine's clock", () => {
  it("ticks at the same moments for everyone who asks for the same interval, until each stops", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"], now: 0 });
    vi.spyOn(performance, "now").mockImplementation(() => Date.now());
    onTestFinished(() => {
      vi.useRealTimers();
      vi.restoreAllMocks();
    });
    const ticks: string[] = [];
    const tick = (name: string) => (): void => {
      ticks.push(`${name} at ${systemClock.nowMs()}`);
    };
    vi.advanceTimersByTime(3);
    const stopFirst = systemClock.every(20, tick("first"));
    vi.advanceTimersByTime(7);
    const stopSecond = systemClock.every(20, tick("second"));
    vi.advanceTimersByTime(35);
    stopFirst();
    vi.advanceTimersByTime(20);
    stopSecond();
    vi.advanceTimersByTime(100);
    const both = [20, 40].flatMap((atMs) => [`first at ${atMs}`, `second at ${atMs}`]);
    expect(ticks.toSorted()).toEqual([...both, "second at 60"].toSorted());
  });

  it("can be stopped before the first tick", async () => {
    let ticked = false;
    systemClock.every(10, () => {
      ticked = true;
    })();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(ticked).toBe(false);
  });

  it("sleeps until the time is over or the sleep is aborted", async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(60_000, abort.signal);
    abort.abort();
    await expect(sleeping).resolves.toBeUndefined();
    await systemClock.sleep(1, new AbortController().signal);
  });
});
