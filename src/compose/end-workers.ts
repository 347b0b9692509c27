import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../log.ts";
import { WORKER_GRACE_MS } from "../service/domain/deadlines.ts";
import type { Store } from "../service/ports/store.ts";
import type { Launcher } from "../service/ports/workers.ts";

/** After its grace a worker closes its files within 5 s, and then the scheduler has to notice. */
const LIMIT_MS = WORKER_GRACE_MS + 10_000;
const LOOK_EVERY_MS = 100;

interface Means {
  readonly store: Pick<Store, "claimed">;
  readonly launcher: Pick<Launcher, "stop">;
  readonly log: Log;
}

/**
 * Asks all workers to end, and waits until they have stored and reported. What is left after that is recovered at the
 * next start. The scheduler and the server must still run, and start no more workers.
 */
export async function endWorkers({ store, launcher, log }: Means): Promise<void> {
  const jobs = await store.claimed();
  if (jobs.length === 0) return;
  log.info({ workers: jobs.length }, "workers cannot outlive this process, and are asked to end");
  for (const { id, worker } of jobs) if (worker !== null) await launcher.stop(id, worker, "SIGTERM");
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += LOOK_EVERY_MS) {
    if ((await store.claimed()).length === 0) return;
    await sleep(LOOK_EVERY_MS);
  }
  log.warn(
    { workers: (await store.claimed()).length },
    "workers have not ended; the next start recovers what they have",
  );
}
