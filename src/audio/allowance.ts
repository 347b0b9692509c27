import { SAMPLES_PER_SECOND } from "./opus-packet.ts";

export interface AllowanceOptions {
  /** The largest burst after a pause. */
  readonly burst: number;
  /** The long-term rate. */
  readonly perSecond: number;
}

/** A token bucket, which limits how often something may happen. Pure; time is an argument. */
export class Allowance {
  readonly #options: AllowanceOptions;
  #left: number;
  #filledAtSamples = 0;

  constructor(options: AllowanceOptions) {
    this.#options = options;
    this.#left = options.burst;
  }

  /**
   * Takes a token if there is one.
   *
   * @param nowSamples on the session clock; going backwards adds nothing
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
