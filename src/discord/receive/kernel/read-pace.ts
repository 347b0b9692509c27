/** In milliseconds. They divide 100, so each read coincides with others of the worker's timers. */
const INTERVALS_MS = [100, 50, 25, 10, 5] as const;
const LONGEST_MS = 100;
/** Most network drivers charge a socket's buffer this much for a small datagram; some charge more. */
const DATAGRAM_BYTES = 2_304;
/** Leave room for this many times the recent datagrams, because more people may start to speak at once. */
const HEADROOM = 4;
/** A shorter interval says little about the rate. */
const SHORTEST_SPAN_MS = 20;
/** Time after the last burst. */
const RELAX_AFTER_MS = 2_000;

/** How often the kernel's queue of a socket must be read to avoid an overflow. */
export class ReadPace {
  readonly #bufferBytes: number;
  #readMs: number;
  #intervalMs: number = LONGEST_MS;
  #neededMs: number;

  /** @param bufferBytes the socket's receive buffer, as the kernel accounts for it */
  constructor(bufferBytes: number, nowMs: number) {
    this.#bufferBytes = bufferBytes;
    this.#readMs = nowMs;
    this.#neededMs = nowMs;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Counts the datagrams since the last call. */
  note(count: number, nowMs: number): void {
    const spanMs = Math.max(nowMs - this.#readMs, SHORTEST_SPAN_MS);
    this.#readMs = nowMs;
    const bytesPerMs = (count * DATAGRAM_BYTES * HEADROOM) / spanMs;
    const needed = INTERVALS_MS.find((intervalMs) => intervalMs * bytesPerMs <= this.#bufferBytes) ?? 5;
    if (needed <= this.#intervalMs) this.#neededMs = nowMs;
    else if (nowMs - this.#neededMs < RELAX_AFTER_MS) return;
    this.#intervalMs = needed;
  }
}
