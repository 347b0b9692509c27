/** A monotonic clock in fractional milliseconds, and wall time, which is recorded but never used for calculations. */
export interface Clock {
  nowMs(): number;
  wallTime(): Date;
  /** Calls `tick` repeatedly until the returned function is called. */
  every(intervalMs: number, tick: () => void): () => void;
  /** Resolves after a while, or at once when the signal aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}
