import type { Clock } from "../../recording/ports/clock.ts";

/** Looked at so often. The others join the same group in the same moment, and get as long for it. */
const SETTLE_MS = 200;
const DEADLINE_MS = 10_000;

export interface GroupJoining {
  /** Whether what is sent now can be opened by those who are there. */
  readonly isJoined: () => boolean;
  readonly clock: Clock;
  /** Aborted if nothing is to be said any more. */
  readonly signal: AbortSignal;
}

/**
 * Waits until the call's end-to-end encrypted group is joined, or the signal is aborted. davey sends in the clear until
 * then, and nobody in a group takes that.
 *
 * @throws Error if it takes longer than 10 s
 */
export async function untilGroupJoined({ isJoined, clock, signal }: GroupJoining): Promise<void> {
  if (isJoined()) return;
  const deadlineMs = clock.nowMs() + DEADLINE_MS;
  while (!isJoined() && !signal.aborted) {
    if (clock.nowMs() >= deadlineMs) throw new Error("the call's end-to-end encryption was not joined in time");
    await clock.sleep(SETTLE_MS, signal);
  }
  await clock.sleep(SETTLE_MS, signal);
}
