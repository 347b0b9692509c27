/** The limit for one key: a burst, and a rate after it. */
export const REQUESTS_PER_SECOND = 100;
const BURST = 1_000;

/** More callers than a service of this size has. The least recent one is forgotten first. */
const MAX_CALLERS = 10_000;

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** Limits the requests of each caller (token bucket). */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();
  readonly #perSecond: number;
  readonly #burst: number;

  constructor(perSecond = REQUESTS_PER_SECOND, burst = BURST) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /**
   * Takes one request of a caller.
   *
   * @param now epoch milliseconds
   * @returns whole seconds until the next one is free; 0 if this one is
   */
  take(caller: string, now: number): number {
    const { tokens, at } = this.#buckets.get(caller) ?? { tokens: this.#burst, at: now };
    const filled = Math.min(this.#burst, tokens + (Math.max(0, now - at) / 1_000) * this.#perSecond);
    const isFree = filled >= 1;
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { tokens: isFree ? filled - 1 : filled, at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_CALLERS && oldest !== undefined) this.#buckets.delete(oldest);
    return isFree ? 0 : Math.ceil((1 - filled) / this.#perSecond);
  }
}
