import { FULL_SCALE } from "../../audio/pcm.ts";
import type { NewestPackets } from "../../recording/tracks/newest-packets.ts";

/** Most packets are not decoded. Without this limit the level would jump from word to word. */
const FALL_DB = 6;
/** The lowest rate that Opus decodes to. Frequencies above 4 kHz make speech clearer, not louder. */
const SAMPLE_RATE = 8_000;
/** Opus codes energy relative to the packet before (RFC 6716 §4.3.2.1), half of it at 20 ms. So each decode halves the error. */
const SETTLING_DECODES = 2;

/**
 * Measures how loud speakers are, from one packet of each at a time. All share one decoder. The error is below 3 dB for
 * half of the packets, and above 11 dB for one in ten (measured with the stand-up, against decoding all packets).
 */
export class LevelMeter {
  readonly #packets: NewestPackets;
  readonly #decibels = new Map<string, number>();
  #decode: ((opus: Buffer) => Int16Array) | undefined;

  constructor(packets: NewestPackets) {
    this.#packets = packets;
  }

  /** Loads the decoder. A job without a view never loads it. */
  async open(): Promise<void> {
    const { openDecoder } = await import("../../opus/decoder.ts");
    const decoder = await openDecoder(1, SAMPLE_RATE);
    this.#decode = (opus) => decoder.decode(opus);
  }

  /**
   * Decodes the newest packets since the last call.
   *
   * @returns root mean square in dB of full scale, by user id; undefined as long as there is no decoder
   */
  read(): ReadonlyMap<string, number> | undefined {
    const packets = this.#packets.take();
    const decode = this.#decode;
    if (decode === undefined) return undefined;
    for (const [userId, decibels] of this.#decibels) this.#decibels.set(userId, decibels - FALL_DB);
    for (const [userId, opus] of packets) {
      for (let count = 0; count < SETTLING_DECODES; count += 1) decode(opus);
      const decibels = decibelsOf(decode(opus));
      this.#decibels.set(userId, Math.max(decibels, this.#decibels.get(userId) ?? decibels));
    }
    return new Map(this.#decibels);
  }
}

/** A packet that cannot be decoded has no samples, and no level is shown. */
function decibelsOf(samples: Int16Array): number {
  if (samples.length === 0) return Number.NEGATIVE_INFINITY;
  const power = samples.reduce((sum, sample) => sum + (sample / FULL_SCALE) ** 2, 0) / samples.length;
  return 10 * Math.log10(power);
}
