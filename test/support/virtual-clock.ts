import type { Clock } from "../../src/recording/ports/clock.ts";

/** A clock that moves only by its methods. */
export class VirtualClock implements Clock {
  /** The error of wall time, as if somebody had set the clock. */
  wallOffsetMs = 0;
  #nowMs = 5_000;
  readonly #ticks = new Set<{ intervalMs: number; nextMs: number; tick: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallTime(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#nowMs + this.wallOffsetMs);
  }

  every(intervalMs: number, tick: () => void): () => void {
    const entry = { intervalMs, nextMs: this.#nowMs + intervalMs, tick };
    this.#ticks.add(entry);
    return () => this.#ticks.delete(entry);
  }

  sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.every(durationMs, () => wake());
    const wake = (): void => {
      stop();
      resolve();
    };
    if (signal.aborted) wake();
    else signal.addEventListener("abort", wake, { once: true });
    return promise;
  }

  /** Moves the time forward, and lets pending promises run. */
  async advance(milliseconds: number): Promise<void> {
    const untilMs = this.#nowMs + milliseconds;
    for (;;) {
      const due = [...this.#ticks].filter(({ nextMs }) => nextMs <= untilMs).sort((a, b) => a.nextMs - b.nextMs)[0];
      if (due === undefined) break;
      this.#nowMs = due.nextMs;
      due.nextMs += due.intervalMs;
      due.tick();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
