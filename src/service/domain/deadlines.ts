/** Deadlines of a job in milliseconds. Each becomes a timer row when it is set, so a restart loses none. */

/** From the start of a worker to its first event. */
export const DISPATCH_DEADLINE_MS = 60_000;

/** From the request to end to the worker's `finalizing`; then the worker gets SIGTERM. */
export const STOP_DEADLINE_MS = 30_000;

/** The time that a worker has to finish after SIGTERM. */
export const WORKER_GRACE_MS = 25_000;

/** From SIGTERM to SIGKILL: longer than the worker's grace and the seconds it then takes to give up. */
export const KILL_AFTER_MS = WORKER_GRACE_MS + 10_000;

/** From `finalizing` to the end; then SIGTERM. Uploads of a long call over a slow line take their time. */
export const FINALIZE_DEADLINE_MS = 3_600_000;
