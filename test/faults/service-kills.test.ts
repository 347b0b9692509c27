import { describe, expect, it } from "vitest";
import { killService } from "../service/kills.ts";

describe("a service that is killed again and again while jobs run", () => {
  it.each([
    ["workers that are started for their job", { kills: 6, warmWorkers: 0, seed: 16 }],
    ["two workers that wait for a job", { kills: 5, warmWorkers: 2, seed: 17 }],
  ])(
    "with %s loses no job, starts none twice, leaves no process, and every recording is whole",
    {
      timeout: 300_000,
    },
    async (_, options) => {
      const { faults, killsWithWorkers } = await killService({ jobs: 2, packets: 150, ...options });
      // Tests assert on no time; `npm run service:kills` does.
      expect(faults.filter((fault) => !fault.startsWith("a start had adopted"))).toEqual([]);
      expect(killsWithWorkers).toBeGreaterThan(0);
    },
  );
});
