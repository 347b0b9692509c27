import { SAMPLES_PER_SECOND } from "../../audio/opus-packet.ts";
import type { Clock } from "../ports/clock.ts";

/** The recording's own time: 0 when it starts, in samples of 48 kHz or in milliseconds, monotonic. */
export class SessionClock {
  readonly startedAt: Date;
  readonly #clock: Clock;
  readonly #startMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
    this.startedAt = clock.wallTime();
  }

  nowMs(): number {
    return this.#clock.nowMs() - this.#startMs;
  }

  /** Turns a time of the clock port into samples since the start. */
  toSamples(monotonicMs: number): number {
    return Math.round(((monotonicMs - this.#startMs) * SAMPLES_PER_SECOND) / 1_000);
  }

  /** Wall-clock time of a session time, as ISO 8601, counted from the start so that clock changes do not show. */
  isoAt(atMs: number): string {
    return new Date(this.startedAt.getTime() + atMs).toISOString();
  }
}
