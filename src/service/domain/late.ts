import type { JobRow } from "./job-row.ts";

/** The default of `lateWindowSeconds`: how late a job may start. */
export const DEFAULT_LATE_WINDOW_MS = 600_000;

/** A job with `late: "skip"` may still start this late, because no clock is exact. */
const SKIP_WINDOW_MS = 60_000;

/** When a job that was not started counts as missed. Epoch milliseconds. */
export function missedFrom({ joinAt, ...policy }: LateRules & Pick<JobRow, "joinAt">): number {
  return joinAt + windowMs(policy);
}

/** The same for a job whose worker failed and that waits for another one since `at`. */
export function missedAgainFrom(policy: LateRules, at: number): number {
  return at + windowMs(policy);
}

type LateRules = Pick<JobRow, "late" | "lateWindowMs">;

function windowMs({ late, lateWindowMs }: LateRules): number {
  return late === "join" ? lateWindowMs : SKIP_WINDOW_MS;
}
