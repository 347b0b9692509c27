/** How often a duration lay below each bound, as Prometheus' histograms count. */
export interface LatencyCounts {
  /** For each bound in milliseconds, how many were no longer. */
  readonly upTo: ReadonlyMap<number, number>;
  readonly count: number;
  readonly sumMs: number;
}

/** Bounds in milliseconds: a page is to be written within half a second, and a kill to cost less than one. */
const BOUNDS_MS = [50, 100, 250, 500, 600, 750, 1_000, 2_500];

/** Counts durations in little room, whatever their number. */
export class Latencies {
  readonly #upTo = new Map(BOUNDS_MS.map((boundMs) => [boundMs, 0]));
  #count = 0;
  #sumMs = 0;

  observe(durationMs: number): void {
    this.#count += 1;
    this.#sumMs += durationMs;
    for (const [boundMs, count] of this.#upTo) if (durationMs <= boundMs) this.#upTo.set(boundMs, count + 1);
  }

  counts(): LatencyCounts {
    return { upTo: this.#upTo, count: this.#count, sumMs: this.#sumMs };
  }
}
