/** After so long without a further packet, what could not be opened is forgotten: it was a moment, not a state. */
const STALE_MS = 15_000;
/** So many packets within so long are speech, half a second of it in packets of 20 ms; fewer are damaged packets. */
const SPEECH_PACKETS = 25;
const SPEECH_WITHIN_MS = 10_000;

/** A span of speech that arrived and could not be opened. Pure: time is an argument, in milliseconds of arrival. */
export class UnheardSpan {
  /** The newest arrivals, one after the other in a circle. */
  readonly #arrivalsMs = new Float64Array(SPEECH_PACKETS);
  #firstMs = 0;
  /** Negative infinity while there is no packet. */
  #lastMs = Number.NEGATIVE_INFINITY;
  #packets = 0;

  note(arrivalMs: number): void {
    if (arrivalMs - this.#lastMs > STALE_MS) {
      this.#firstMs = arrivalMs;
      this.#packets = 0;
    }
    this.#arrivalsMs[this.#packets % SPEECH_PACKETS] = arrivalMs;
    this.#lastMs = Math.max(arrivalMs, this.#lastMs);
    this.#packets += 1;
  }

  clear(): void {
    this.#packets = 0;
    this.#lastMs = Number.NEGATIVE_INFINITY;
  }

  /** Forgets it if it began at or after this moment. */
  clearIfBegunSince(ms: number): void {
    if (this.#firstMs >= ms) this.clear();
  }

  /** Whether the newest packets came close enough together to be speech. */
  get isSpeech(): boolean {
    if (this.#packets < SPEECH_PACKETS) return false;
    const oldestMs = this.#arrivalsMs[this.#packets % SPEECH_PACKETS] ?? Number.NEGATIVE_INFINITY;
    return this.#lastMs - oldestMs <= SPEECH_WITHIN_MS;
  }

  /** From its first packet to its last; with `sinceMs`, only that much of it. */
  lengthMs(sinceMs = Number.NEGATIVE_INFINITY): number {
    return Math.max(0, this.#lastMs - Math.max(this.#firstMs, sinceMs));
  }

  /** Whether its last packet came within so long. */
  isRecent(nowMs: number, withinMs: number): boolean {
    return nowMs - this.#lastMs <= withinMs;
  }
}
