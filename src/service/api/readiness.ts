import { StoreUnavailableError } from "../ports/store.ts";
import type { ApiOptions } from "./api-options.ts";
import type { StoreFailures } from "./store-failures.ts";

/** The scheduler ticks each second. If the last tick is older than this, the scheduler hangs. */
const MAX_TICK_AGE_MS = 15_000;

/** Looking at a worker takes milliseconds, and seconds if it does not answer or its storage is slow. */
const MAX_LOOK_AGE_MS = 60_000;

/** A due delivery is sent within seconds. If one waits longer than this, customers get no events. */
const MAX_DELIVERY_AGE_MS = 120_000;

/** As MEETBOT_SPOOL_STOP_MB of a worker: with less, recordings end at once. */
const MIN_FREE_BYTES = 100e6;

/** Why the service is not ready, in a sentence; undefined if it is. */
export async function obstacleOf(
  { store, work, clock, disk }: Pick<ApiOptions, "store" | "work" | "clock" | "disk">,
  failures: StoreFailures,
): Promise<string | undefined> {
  const now = clock.now();
  const { lastTickAt, lookingSince } = work.health();
  if (lastTickAt === null) return "the scheduler has not run yet";
  if (now - lastTickAt > MAX_TICK_AGE_MS) {
    return `the scheduler has not run for ${Math.round((now - lastTickAt) / 1_000)} s`;
  }
  if (lookingSince !== null && now - lookingSince > MAX_LOOK_AGE_MS) {
    return `the scheduler has looked at a worker for ${Math.round((now - lookingSince) / 1_000)} s without a result`;
  }
  if (failures.isRecent()) return "a request failed in the last 30 s because the database does not answer";
  try {
    const { freeBytes } = await disk();
    if (freeBytes < MIN_FREE_BYTES) {
      return `the disk of the data folder has ${Math.floor(freeBytes / 1e6)} MB free, and recordings need ${MIN_FREE_BYTES / 1e6}`;
    }
    await store.ping();
    const oldest = await store.oldestDue(now);
    if (oldest === undefined || now - oldest <= MAX_DELIVERY_AGE_MS) return undefined;
    return `a delivery has been due for ${Math.round((now - oldest) / 1_000)} s and was not attempted`;
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return "the database does not answer";
  }
}
