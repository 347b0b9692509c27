interface Entry {
  readonly atMs: number;
  readonly run: () => void;
}

/** Scheduled tasks: one timer for all, in time order, and in order of entry if times are equal. */
export class Agenda {
  /** By time. */
  readonly #entries: Entry[] = [];
  readonly #whenEmpty = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  /** @param atMs on the clock of `performance.now()` */
  add(atMs: number, run: () => void): void {
    this.#entries.splice(this.#placeOf(atMs), 0, { atMs, run });
    this.#wind();
  }

  /** Runs due tasks without waiting for the timer, so new events cannot overtake them. */
  runDue(): void {
    const nowMs = performance.now();
    for (;;) {
      const first = this.#entries[0];
      if (first === undefined || first.atMs > nowMs) break;
      this.#entries.shift();
      first.run();
    }
    if (this.#entries.length === 0) this.#reportEmpty();
  }

  /** Resolves when no task is left. Never after `clear()`. */
  get empty(): Promise<void> {
    if (this.#entries.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.add(resolve));
  }

  /** Forgets everything, and leaves no timer. */
  clear(): void {
    this.#entries.length = 0;
    clearTimeout(this.#timer);
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  /** After all tasks that are not later. */
  #placeOf(atMs: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #wind(): void {
    const first = this.#entries[0];
    if (first === undefined || first.atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = first.atMs;
    this.#timer = setTimeout(
      () => {
        this.#timerAtMs = Number.POSITIVE_INFINITY;
        this.runDue();
        this.#wind();
      },
      Math.max(0, first.atMs - performance.now()),
    );
  }

  #reportEmpty(): void {
    for (const resolve of this.#whenEmpty) resolve();
    this.#whenEmpty.clear();
  }
}
