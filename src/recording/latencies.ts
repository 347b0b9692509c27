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
  /** By the bounds' places. */
  readonly #upTo = BOUNDS_MS.map(() => 0);
  #count = 0;
  #sumMs = 0;

  observe(durationMs: number): void {
    this.#count += 1;
    this.#sumMs += durationMs;
    // From the longest on, as long as it was no longer: a page mostly waits for its whole half second.
    for (let place = BOUNDS_MS.length - 1; durationMs <= (BOUNDS_MS[place] ?? -1); place -= 1) {
      this.#upTo[place] = (this.#upTo[place] ?? 0) + 1;
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
