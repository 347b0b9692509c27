/** The two clocks drift apart by at most 0.5 ms a second, while the system's time is adjusted. More is a step. */
const STEP_MS = 5;

/**
 * Places the kernel's times of arrival on the monotonic clock. They are of the system's clock, which somebody may set
 * while a datagram waits. So a time is believed only between the moment at which the queue was last empty, or the
 * datagram before it, and now.
 */
export class ArrivalClock {
  #earliestMs: number;
  #nowMs: number;
  /** What to add to the system's time. */
  #offsetMs: number;
  #formerOffsetMs: number;

  /** @param nowMs on the monotonic clock; no datagram has arrived before */
  constructor(nowMs: number, realTimeMs: number) {
    this.#earliestMs = nowMs;
    this.#nowMs = nowMs;
    this.#offsetMs = nowMs - realTimeMs;
    this.#formerOffsetMs = this.#offsetMs;
  }

  /** Both clocks, read at the same moment, after datagrams were received. */
  set(nowMs: number, realTimeMs: number): void {
    this.#nowMs = nowMs;
    const offsetMs = nowMs - realTimeMs;
    if (Math.abs(offsetMs - this.#offsetMs) > STEP_MS) this.#formerOffsetMs = this.#offsetMs;
    this.#offsetMs = offsetMs;
  }

  /**
   * @param realTimeMs the datagram's; undefined if it has none. Datagrams must be given in the order of the queue
   * @returns its arrival on the monotonic clock
   */
  place(realTimeMs: number | undefined): number {
    this.#earliestMs = realTimeMs === undefined ? this.#nowMs : this.#bounded(realTimeMs);
    return this.#earliestMs;
  }

  /** The queue was empty at `nowMs`. */
  emptied(nowMs: number): void {
    this.#earliestMs = Math.max(this.#earliestMs, nowMs);
    this.#formerOffsetMs = this.#offsetMs;
  }

  #bounded(realTimeMs: number): number {
    const atMs = realTimeMs + this.#offsetMs;
    // It may have arrived before the clock was set.
    const formerMs = realTimeMs + this.#formerOffsetMs;
    const isPossible = atMs >= this.#earliestMs && atMs <= this.#nowMs;
    return Math.min(Math.max(isPossible ? atMs : formerMs, this.#earliestMs), this.#nowMs);
  }
}
