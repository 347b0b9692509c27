import type { JobChange } from "./job-input.ts";
import type { JobRow } from "./job-row.ts";

export function change(
  patch: Partial<JobRow>,
  { timers = [], events = [], passOn = true }: Partial<JobChange> = {},
): JobChange {
  return { patch, timers, events, passOn };
}

/** The end of a job. Nothing needs the bot's token from now on, so it is removed. */
export function ended(at: number, patch: Partial<JobRow>): Partial<JobRow> {
  return { ...patch, paused: false, stopped: false, tokenSealed: null, endedAt: at };
}
