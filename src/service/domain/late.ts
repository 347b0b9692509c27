import type { JobRow } from "./job-row.ts";

/** The default of `lateWindowSeconds`: how late a job may start. */
export const DEFAULT_LATE_WINDOW_MS = 600_000;

/** A job with `late: "skip"` may still start this late, because no clock is exact. */
const SKIP_WINDOW_MS = 60_000;

/** When a job that was not started counts as missed. Epoch milliseconds. */
export function missedFrom({ joinAt, late, lateWindowMs }: Pick<JobRow, "joinAt" | "late" | "lateWindowMs">): number {
  return joinAt + (late === "join" ? lateWindowMs : SKIP_WINDOW_MS);
}
