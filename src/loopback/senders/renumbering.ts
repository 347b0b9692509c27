import { randomInt } from "node:crypto";

interface Numbers {
  readonly ssrc: number;
  readonly sequenceShift: number;
  readonly timestampShift: number;
}

/** On another voice server every sender has another SSRC with random counters (RFC 3550 §5.1). */
export class Renumbering {
  readonly #freeSsrc: () => number;
  /** By the fixture's SSRC. */
  readonly #numbers = new Map<number, Numbers>();

  constructor(freeSsrc: () => number) {
    this.#freeSsrc = freeSsrc;
  }

  ssrc(original: number): number {
    return this.#numbersOf(original).ssrc;
  }

  /** @param rtp a whole packet of the fixture */
  apply(rtp: Buffer): Buffer {
    const { ssrc, sequenceShift, timestampShift } = this.#numbersOf(rtp.readUInt32BE(8));
    const renumbered = Buffer.from(rtp);
    renumbered.writeUInt16BE((rtp.readUInt16BE(2) + sequenceShift) & 0xffff, 2);
    renumbered.writeUInt32BE((rtp.readUInt32BE(4) + timestampShift) >>> 0, 4);
    renumbered.writeUInt32BE(ssrc, 8);
    return renumbered;
  }

  #numbersOf(original: number): Numbers {
    const known = this.#numbers.get(original);
    if (known !== undefined) return known;
    const numbers = {
      ssrc: this.#freeSsrc(),
      sequenceShift: randomInt(0, 2 ** 16),
      timestampShift: randomInt(0, 2 ** 32),
    };
    this.#numbers.set(original, numbers);
    return numbers;
  }
}
