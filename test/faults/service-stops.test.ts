import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { stopJobs } from "../service/bars/stops.ts";

it.skipIf(!existsSync("/proc/self/cwd"))(
  "20 stops of workers that answer, are frozen, cannot be asked or die: no job is over while its bot is in the call, and no process is left",
  { timeout: 300_000 },
  async () => {
    const { faults, statuses } = await stopJobs({ stops: 20, atOnce: 20, seed: 5 });
    expect(faults).toEqual([]);
    expect(Object.values(statuses).reduce((sum, count) => sum + count, 0)).toBe(20);
  },
);
