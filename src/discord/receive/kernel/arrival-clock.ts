/** The two clocks drift apart by at most 0.5 ms a second, while the system's time is adjusted. More is a step. */
const STEP_MS = 5;

/** The system's clock, read between two readings of the monotonic one: the process may be interrupted in between. */
export interface ClockReading {
  readonly beforeMs: number;
  /** Since 1970. */
  readonly realTimeMs: number;
  readonly afterMs: number;
}

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

  /** No datagram has arrived before. */
  constructor({ beforeMs, realTimeMs, afterMs }: ClockReading) {
    this.#earliestMs = beforeMs;
    this.#nowMs = afterMs;
    this.#offsetMs = (beforeMs + afterMs) / 2 - realTimeMs;
    this.#formerOffsetMs = this.#offsetMs;
  }

  /** The clocks after datagrams were received. */
  set({ beforeMs, realTimeMs, afterMs }: ClockReading): void {
    this.#nowMs = afterMs;
    // Anything between the two is possible, so what was known before is kept as far as it is.
    const offsetMs = between(this.#offsetMs, beforeMs - realTimeMs, afterMs - realTimeMs);
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
    return between(isPossible ? atMs : formerMs, this.#earliestMs, this.#nowMs);
  }
}

function between(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
