/**
 * Notices that people speak and nothing of it can be heard, which must never be taken for silence. Pure: time is an
 * argument, in milliseconds of a monotonic clock.
 */
export class DeafnessMonitor {
  /** Since when there was something to hear that could not be heard. */
  #unheardSinceMs: number | undefined;
  #lastSignMs = Number.NEGATIVE_INFINITY;

  /** Somebody's speech came out. */
  heard(): void {
    this.#unheardSinceMs = undefined;
  }

  /** A sign of speech: a datagram that waits for its key or its speaker, or the gateway's word that somebody speaks. */
  sign(nowMs: number): void {
    this.#unheardSinceMs ??= nowMs;
    this.#lastSignMs = nowMs;
  }

  /** A new connection begins with a clean slate. */
  reset(): void {
    this.#unheardSinceMs = undefined;
  }

  /** How long speech has gone unheard; 0 where it has not, or where the last sign of it is long ago. */
  unheardMs(nowMs: number): number {
    if (this.#unheardSinceMs === undefined) return 0;
    if (nowMs - this.#lastSignMs > STALE_SIGN_MS) return 0;
    return nowMs - this.#unheardSinceMs;
  }
}

/** Speaking that nothing followed for so long was a click of a key. */
const STALE_SIGN_MS = 15_000;
