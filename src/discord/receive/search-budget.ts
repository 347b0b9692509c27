const WINDOW_MS = 100;

/** Limits how often everyone's keys are tried on one SSRC's packets, because each try costs microseconds per member. */
export class SearchBudget {
  readonly #windows = new Map<number, { beganMs: number; searches: number }>();

  /** @returns whether one more search is within `allowance` per 100 ms, and counts it if so */
  take(ssrc: number, nowMs: number, allowance: number): boolean {
    const window = this.#windows.get(ssrc);
    if (window === undefined || nowMs - window.beganMs >= WINDOW_MS) {
      this.#windows.set(ssrc, { beganMs: nowMs, searches: 1 });
      return true;
    }
    window.searches += 1;
    return window.searches <= allowance;
  }

  reset(): void {
    this.#windows.clear();
  }
}
