/** How many packets had been sent at a moment, on any clock. */
export interface SentSample {
  readonly atMs: number;
  readonly sent: number;
}

/**
 * How late the sender was at each sample: for how long the next packet had been due.
 *
 * A packet never goes out before it is due, so the call began at the latest when the packet that was least late did.
 *
 * @param dueMs when each packet is due, from the call's beginning on, in ascending order
 */
export function sendLagsMs(samples: readonly SentSample[], dueMs: readonly number[]): number[] {
  const begun = samples.filter(({ sent }) => sent > 0);
  const beganMs = begun.reduce(
    (earliest, { atMs, sent }) => Math.min(earliest, atMs - (dueMs[sent - 1] ?? 0)),
    Number.POSITIVE_INFINITY,
  );
  return begun.flatMap(({ atMs, sent }) => {
    const next = dueMs[sent];
    return next === undefined ? [] : [Math.max(0, atMs - beganMs - next)];
  });
}
