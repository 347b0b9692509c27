import { SAMPLES_PER_SECOND } from "./opus-packet.ts";

export interface AllowanceOptions {
  /** How many at once, after a time without any. */
  readonly burst: number;
  /** How many in the long run. */
  readonly perSecond: number;
}

/** Allows something so often and no more: a token bucket. Pure; time is an argument. */
export class Allowance {
  readonly #options: AllowanceOptions;
  #left: number;
  #filledAtSamples = 0;

  constructor(options: AllowanceOptions) {
    this.#options = options;
    this.#left = options.burst;
  }

  /**
   * Uses one up if there is one.
   *
   * @param nowSamples on the session clock; time that runs backwards adds nothing
   */
  take(nowSamples: number): boolean {
    const { burst, perSecond } = this.#options;
    const passedSamples = Math.max(0, nowSamples - this.#filledAtSamples);
    this.#left = Math.min(burst, this.#left + (passedSamples * perSecond) / SAMPLES_PER_SECOND);
    this.#filledAtSamples = Math.max(this.#filledAtSamples, nowSamples);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
