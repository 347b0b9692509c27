import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/compose/system-clock.ts";

describe("the machine's clock", () => {
  it("ticks for all that ask for the same interval in one go, until each is told to stop", async () => {
    const ticks: string[] = [];
    /** Which of them ticked without anything else happening in between. */
    const together: string[][] = [];
    const tick = (name: string) => (): void => {
      if (ticks.length === 0) setImmediate(() => together.push(ticks.splice(0)));
      ticks.push(name);
    };
    const stopFirst = systemClock.every(20, tick("first"));
    await new Promise((resolve) => setTimeout(resolve, 7));
    const stopSecond = systemClock.every(20, tick("second"));
    while (together.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    stopFirst();
    expect(together.filter((names) => names.length === 2).length).toBeGreaterThan(0);
    together.length = 0;
    while (together.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(new Set(together.flat())).toEqual(new Set(["second"]));
    stopSecond();
  });

  it("can be stopped before the first tick", async () => {
    let ticked = false;
    systemClock.every(10, () => {
      ticked = true;
    })();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(ticked).toBe(false);
  });

  it("sleeps until it is over or given up", async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(60_000, abort.signal);
    abort.abort();
    await expect(sleeping).resolves.toBeUndefined();
    await systemClock.sleep(1, new AbortController().signal);
  });
});
