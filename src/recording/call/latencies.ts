/** How many durations were at or below each bound, as in a Prometheus histogram. */
export interface LatencyCounts {
  /** The number of durations up to each bound in milliseconds. */
  readonly upTo: ReadonlyMap<number, number>;
  readonly count: number;
  readonly sumMs: number;
}

/**
 * Bounds in milliseconds. A page should be written within half a second, and a kill should lose less than one second.
 */
const BOUNDS_MS = [50, 100, 250, 500, 600, 750, 1_000, 2_500];

/** Counts durations in a fixed amount of memory. */
export class Latencies {
  /** One counter for each bound, in the same order. */
  readonly #upTo = BOUNDS_MS.map(() => 0);
  #count = 0;
  #sumMs = 0;

  observe(durationMs: number): void {
    this.#count += 1;
    this.#sumMs += durationMs;
    for (const [place, boundMs] of BOUNDS_MS.entries()) {
      if (durationMs <= boundMs) this.#upTo[place] = (this.#upTo[place] ?? 0) + 1;
    }
  }

  counts(): LatencyCounts {
    return {
      upTo: new Map(BOUNDS_MS.map((boundMs, place) => [boundMs, this.#upTo[place] ?? 0])),
      count: this.#count,
      sumMs: this.#sumMs,
    };
  }
}
