import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../recording/ports/clock.ts";

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallTime: () => new Date(),
  every: (intervalMs, tick) => {
    // The first tick is the next multiple of the interval, so timers with the same interval wake the process together.
    // With few people in the call, waking is most of the cost of a recording.
    let timer = setTimeout(
      () => {
        timer = setInterval(tick, intervalMs);
        tick();
      },
      intervalMs - (performance.now() % intervalMs),
    );
    return () => clearTimeout(timer);
  },
  sleep: async (durationMs, signal) => {
    // An abort ends a sleep early; it is not a failure.
    await sleep(durationMs, undefined, { signal }).catch(() => undefined);
  },
};
