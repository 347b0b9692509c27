/** How many durations were at or below each bound, as in a Prometheus histogram. */
export interface LatencyCounts {
  /** For each bound in milliseconds, the number of durations up to it. */
  readonly upTo: ReadonlyMap<number, number>;
  readonly count: number;
  readonly sumMs: number;
}

/** Bounds in milliseconds: a page is to be written within half a second, and a kill to cost less than one. */
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
