import type { JobRow } from "./job-row.ts";

/** How late a job may be started unless its request says otherwise. */
export const DEFAULT_LATE_WINDOW_MS = 600_000;

/** A job that must not be late still has this long to be started, because no clock is exact. */
const SKIP_WINDOW_MS = 60_000;

/** From when on a job that nobody has started counts as missed. Epoch milliseconds. */
export function missedFrom({ joinAt, late, lateWindowMs }: Pick<JobRow, "joinAt" | "late" | "lateWindowMs">): number {
  return joinAt + (late === "join" ? lateWindowMs : SKIP_WINDOW_MS);
}
