import { describe, expect, it } from "vitest";
import { killService } from "../service/kills.ts";

describe("a service that is killed again and again while jobs run", () => {
  it("loses no job, starts none twice, and every recording is whole", { timeout: 300_000 }, async () => {
    const { faults, killsWithWorkers } = await killService({ kills: 6, jobs: 2, packets: 150, seed: 16 });
    // Tests assert on no time; `npm run service:kills` does.
    expect(faults.filter((fault) => !fault.startsWith("a start had adopted"))).toEqual([]);
    expect(killsWithWorkers).toBeGreaterThan(0);
  });
});
