/** After this time without a further packet, the span is forgotten, because it was only momentary. */
const STALE_MS = 15_000;
/** This many packets within this time are speech, half a second in packets of 20 ms; fewer are damaged packets. */
const SPEECH_PACKETS = 25;
const SPEECH_WITHIN_MS = 10_000;

/** A span of speech that arrived and could not be opened. Pure: time is an argument, in milliseconds of arrival. */
export class UnheardSpan {
  /** A ring buffer of the newest arrivals. */
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

  /** Its length from the first packet to the last; with `sinceMs`, only the part after that time. */
  lengthMs(sinceMs = Number.NEGATIVE_INFINITY): number {
    return Math.max(0, this.#lastMs - Math.max(this.#firstMs, sinceMs));
  }

  /** Whether its last packet came within this time. */
  isRecent(nowMs: number, withinMs: number): boolean {
    return nowMs - this.#lastMs <= withinMs;
  }
}
