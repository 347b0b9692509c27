/** While the system's time is adjusted, the two clocks drift apart by at most 0.5 ms a second. More is a step. */
const STEP_MS = 5;

/** The system's clock, read between two readings of the monotonic one: the process may be interrupted in between. */
export interface ClockReading {
  readonly beforeMs: number;
  /** Since 1970. */
  readonly realTimeMs: number;
  readonly afterMs: number;
}

/**
 * Converts the kernel's arrival times to the monotonic clock. They use the system's clock, which may be set while a
 * datagram waits. So an arrival time is limited to the range from the last empty queue or the previous datagram until
 * now.
 */
export class ArrivalClock {
  #earliestMs: number;
  #nowMs: number;
  /** The offset to add to the system's time. */
  #offsetMs: number;
  #formerOffsetMs: number;

  /** No waiting datagram arrived before this time. */
  constructor({ beforeMs, realTimeMs, afterMs }: ClockReading) {
    this.#earliestMs = beforeMs;
    this.#nowMs = afterMs;
    this.#offsetMs = (beforeMs + afterMs) / 2 - realTimeMs;
    this.#formerOffsetMs = this.#offsetMs;
  }

  /** Reads the clocks after datagrams were received. */
  set({ beforeMs, realTimeMs, afterMs }: ClockReading): void {
    this.#nowMs = afterMs;
    // Any offset between the two is possible, so the earlier one is kept if it is in the range.
    const offsetMs = between(this.#offsetMs, beforeMs - realTimeMs, afterMs - realTimeMs);
    if (Math.abs(offsetMs - this.#offsetMs) > STEP_MS) this.#formerOffsetMs = this.#offsetMs;
    this.#offsetMs = offsetMs;
  }

  /**
   * @param realTimeMs the datagram's; undefined if it has none. Datagrams must be given in the order of the queue
   * @returns its arrival time on the monotonic clock
   */
  place(realTimeMs: number | undefined): number {
    this.#earliestMs = realTimeMs === undefined ? this.#nowMs : this.#bounded(realTimeMs);
    return this.#earliestMs;
  }

  /** Call when the queue was empty at `nowMs`. */
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
