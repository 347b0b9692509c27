import { SAMPLES_PER_SECOND } from "./opus-packet.ts";

/**
 * Loudness of a whole programme by ITU-R BS.1770-5 Annex 1, which EBU R 128 uses for normalisation. Gain is linear, so
 * a measurement at one gain also gives all others.
 */

/** Coefficients of a second-order filter, normalised to a0 = 1. */
interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

/** BS.1770-5 Annex 1, tables 1 and 2, given for 48 kHz: the head's effect, and the weighting of low frequencies. */
const HEAD: Biquad = {
  b: [1.53512485958697, -2.69169618940638, 1.19839281085285],
  a: [-1.69065929318241, 0.73248077421585],
};
const LOW_CUT: Biquad = { b: [1, -2, 1], a: [-1.99004745483398, 0.99007225036621] };

/** Annex 1, equation 2. */
const OFFSET_LU = -0.691;
/** Annex 1: gating blocks of 400 ms overlap by 75 %, so a new one begins every 100 ms. */
const STEP_SAMPLES = SAMPLES_PER_SECOND / 10;
const STEPS_PER_BLOCK = 4;
const ABSOLUTE_GATE_LUFS = -70;
const RELATIVE_GATE_LU = -10;

/** Measures mono or stereo sound of 48 kHz as it arrives. */
export class Loudness {
  readonly #channels: number;
  readonly #filters: Filter[];
  /** Weighted power of each 100 ms, all channels together. */
  readonly #steps: number[] = [];
  #stepSum = 0;
  #stepFrames = 0;
  #peak = 0;

  constructor(channels: number) {
    this.#channels = channels;
    this.#filters = Array.from({ length: channels }, () => new Filter());
  }

  /** The largest sample's magnitude so far; 1 is full scale. */
  get peak(): number {
    return this.#peak;
  }

  /** @param samples interleaved; 1 is full scale */
  push(samples: Float32Array): void {
    for (let index = 0; index < samples.length; index += this.#channels) {
      for (const [channel, filter] of this.#filters.entries()) {
        const sample = samples[index + channel] ?? 0;
        const magnitude = Math.abs(sample);
        if (magnitude > this.#peak) this.#peak = magnitude;
        const weighted = filter.next(sample);
        this.#stepSum += weighted * weighted;
      }
      this.#stepFrames += 1;
      if (this.#stepFrames === STEP_SAMPLES) this.#endStep();
    }
  }

  /** Integrated loudness in LUFS; undefined if nothing is louder than the absolute gate. */
  integrated(): number | undefined {
    const audible = this.#blockPowers().filter((power) => lufsOf(power) > ABSOLUTE_GATE_LUFS);
    if (audible.length === 0) return undefined;
    const gate = lufsOf(mean(audible)) + RELATIVE_GATE_LU;
    return lufsOf(mean(audible.filter((power) => lufsOf(power) > gate)));
  }

  #endStep(): void {
    this.#steps.push(this.#stepSum / STEP_SAMPLES);
    this.#stepSum = 0;
    this.#stepFrames = 0;
  }

  #blockPowers(): number[] {
    const blocks = Math.max(0, this.#steps.length - STEPS_PER_BLOCK + 1);
    return Array.from({ length: blocks }, (_, first) => mean(this.#steps.slice(first, first + STEPS_PER_BLOCK)));
  }
}

/** Both filters, one after the other, in transposed direct form II. */
class Filter {
  #head: [number, number] = [0, 0];
  #lowCut: [number, number] = [0, 0];

  next(sample: number): number {
    return step(LOW_CUT, this.#lowCut, step(HEAD, this.#head, sample));
  }
}

function step({ b, a }: Biquad, state: [number, number], input: number): number {
  const output = b[0] * input + state[0];
  state[0] = b[1] * input - a[0] * output + state[1];
  state[1] = b[2] * input - a[1] * output;
  return output;
}

function lufsOf(power: number): number {
  return OFFSET_LU + 10 * Math.log10(power);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
