/**
 * `npm run service:start -- --jobs 9`: from dispatch to `recording`, with workers that are started for their job and with
 * workers that waited for it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { person, toneCall } from "../../support/tone-call.ts";
import { RealService } from "../support/real-service.ts";

/** So that a worker that waits is ready, and the job before it is quiet. */
const PAUSE_MS = 4_000;

/** @returns milliseconds of each job, in order */
async function measure(jobs: number, warmWorkers: number): Promise<number[]> {
  const service = await RealService.open(jobs, warmWorkers);
  try {
    await service.start();
    const times: number[] = [];
    for (let n = 0; n < jobs; n += 1) {
      await sleep(PAUSE_MS);
      const call = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 100, leavesAtMs: 2_500 }]);
      await service.create(n, call);
      const { claimedAt, startedAt } = await service.until(n, (job) => job.startedAt !== null);
      times.push((startedAt ?? 0) - (claimedAt ?? 0));
    }
    await service.untilAllOver(60_000);
    return times;
  } finally {
    await service.close();
  }
}

const { values } = parseArgs({ options: { jobs: { type: "string", default: "9" } } });
for (const [name, warmWorkers] of [
  ["cold", 0],
  ["warm", 1],
] as const) {
  const times = await measure(Number(values.jobs), warmWorkers);
  const sorted = times.toSorted((a, b) => a - b);
  process.stdout.write(`${name}: ${sorted[sorted.length >> 1]} ms (median of ${times.length}: ${sorted.join(", ")})\n`);
}
