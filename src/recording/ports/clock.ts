/** Milliseconds of a monotonic clock, with fraction; and wall time, which is written down but never calculated with. */
export interface Clock {
  nowMs(): number;
  wallTime(): Date;
  /** Calls `tick` again and again until the returned function is called. */
  every(intervalMs: number, tick: () => void): () => void;
  /** Resolves after a while, or at once when the signal aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}
