/** Between ticks while something happens. */
export const BUSY_INTERVAL_MS = 100;
/** Between ticks while nothing happens: everything that falls due then is given in seconds or minutes. */
export const QUIET_INTERVAL_MS = 1_000;

export interface PulseOptions {
  readonly clock: { every(intervalMs: number, tick: () => void): () => void };
  /** Whether nothing happens, and whatever begins will call `wake`. Asked after each tick. */
  readonly isQuiet: () => boolean;
  /** @param intervalMs the time since the last tick, if all are on time */
  readonly tick: (intervalMs: number) => void;
}

/** Ticks ten times a second, and once a second in quiet, so that a call in which nobody speaks takes next to no CPU. */
export class Pulse {
  readonly #options: PulseOptions;
  #intervalMs = BUSY_INTERVAL_MS;
  #stopTicks: () => void;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#stopTicks = this.#start();
  }

  /** Ticks soon, and often from now on. */
  wake(): void {
    this.#setInterval(BUSY_INTERVAL_MS);
  }

  stop(): void {
    this.#stopTicks();
    this.#stopTicks = () => undefined;
    this.#intervalMs = 0;
  }

  #start(): () => void {
    const intervalMs = this.#intervalMs;
    return this.#options.clock.every(intervalMs, () => {
      this.#options.tick(intervalMs);
      if (this.#options.isQuiet()) this.#setInterval(QUIET_INTERVAL_MS);
    });
  }

  #setInterval(intervalMs: number): void {
    // Zero: stopped.
    if (this.#intervalMs === intervalMs || this.#intervalMs === 0) return;
    this.#stopTicks();
    this.#intervalMs = intervalMs;
    this.#stopTicks = this.#start();
  }
}
