/**
 * Counters that wrap: RTP sequence numbers (16 bits) and timestamps (32 bits), RFC 3550 §5.1 and appendix A.1.
 */
export class Unwrapper {
  readonly #modulus: number;
  #reference: number | undefined;

  constructor(bits: 16 | 32) {
    this.#modulus = 2 ** bits;
  }

  /**
   * Unwraps a value: returns the congruent number nearest to the reference. Without a reference it is the value itself.
   */
  unwrap(value: number): number {
    if (this.#reference === undefined) return value;
    const forward = (((value - this.#reference) % this.#modulus) + this.#modulus) % this.#modulus;
    return this.#reference + (forward < this.#modulus / 2 ? forward : forward - this.#modulus);
  }

  /** Makes an unwrapped value the reference for later ones. */
  setReference(unwrapped: number): void {
    this.#reference = unwrapped;
  }
}
