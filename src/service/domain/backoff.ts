const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Pauses after the first, second, … failed attempt of a delivery. The last one repeats. */
const DELIVERY_PAUSES_MS = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
] as const;

/** An event that was not accepted for this long becomes a dead letter, which can be resent. */
export const DELIVERY_LIMIT_MS = 24 * HOUR_MS;

/** A pause gets longer by a random share of up to this much, so many deliveries do not come at once. */
const JITTER = 0.2;

/**
 * The time of the next attempt of a delivery.
 *
 * @param attempts how many have failed, 1 or more
 * @param since when the first attempt was due, epoch milliseconds
 * @param retryAfterMs what the receiver asked for; 0 if it did not
 * @param random from 0 to 1
 * @returns epoch milliseconds, or undefined for a dead letter
 */
export function nextDeliveryAt(options: {
  readonly attempts: number;
  readonly since: number;
  readonly now: number;
  readonly retryAfterMs: number;
  readonly random: number;
}): number | undefined {
  const { attempts, since, now, retryAfterMs, random } = options;
  const pause = pauseAfter(DELIVERY_PAUSES_MS, attempts) * (1 + JITTER * random);
  const at = now + Math.max(pause, retryAfterMs);
  return at - since > DELIVERY_LIMIT_MS ? undefined : Math.round(at);
}

/** Pauses before the first, second, … recovery. */
const RECOVERY_PAUSES_MS = [0, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS] as const;

/** With the pauses above, more than a day. */
const MAX_RECOVERIES = 50;

/**
 * The pause before the next recovery of a recording.
 *
 * @param recoveries how many recoveries have failed
 * @returns milliseconds, or undefined if recovery is given up
 */
export function recoveryPauseMs(recoveries: number): number | undefined {
  return recoveries >= MAX_RECOVERIES ? undefined : pauseAfter(RECOVERY_PAUSES_MS, recoveries + 1);
}

function pauseAfter(pauses: readonly number[], attempts: number): number {
  return pauses[Math.min(attempts, pauses.length) - 1] ?? 0;
}
