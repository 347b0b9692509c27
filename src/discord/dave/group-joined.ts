import type { Clock } from "../../recording/ports/clock.ts";

/** The polling interval. The others join the same group at the same moment, and get this long for it. */
const SETTLE_MS = 200;
const DEADLINE_MS = 10_000;

export interface GroupJoining {
  /** Whether the people present can decrypt what is sent now. */
  readonly isJoined: () => boolean;
  readonly clock: Clock;
  /** Aborted if nothing must be played any more. */
  readonly signal: AbortSignal;
}

/**
 * Waits until the call's end-to-end encrypted group is joined, or the signal is aborted. Until then davey sends
 * unencrypted, which nobody in a group accepts.
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
