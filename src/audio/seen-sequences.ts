/** Remembers which of the latest numbers of an endless sequence have already come, in constant memory. */
export class SeenSequences {
  /** Ring of the numbers seen, each at its index modulo the size. */
  readonly #ring: Float64Array;

  constructor(size: number) {
    this.#ring = new Float64Array(size).fill(Number.NaN);
  }

  has(sequence: number): boolean {
    return this.#ring[this.#index(sequence)] === sequence;
  }

  add(sequence: number): void {
    this.#ring[this.#index(sequence)] = sequence;
  }

  #index(sequence: number): number {
    const size = this.#ring.length;
    return ((sequence % size) + size) % size;
  }
}
