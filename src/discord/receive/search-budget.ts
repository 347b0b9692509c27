const WINDOW_MS = 100;

/** How often the keys of everybody are tried on one SSRC's packets: each try costs microseconds a member. */
export class SearchBudget {
  readonly #windows = new Map<number, { beganMs: number; searches: number }>();

  /** @returns whether one more search is within `allowance` for each 100 ms; it is counted then */
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
