import { SAMPLES_PER_SECOND } from "./opus-packet.ts";

/** A tick that comes after this many intervals means that the process was busy or not scheduled. */
const MOST_INTERVALS = 2;
const TENTH_SAMPLES = SAMPLES_PER_SECOND / 10;
/** After a stall the socket is empty again within this time. Until then packets are read later than they arrived. */
const READING_SAMPLES = SAMPLES_PER_SECOND;
/** The longest time that a packet waits for its place. */
const KEPT_SAMPLES = 5 * SAMPLES_PER_SECOND;

/**
 * Detects from the ticks when this process did not run. A packet's arrival time is the time at which it was read, so
 * after a stall it may be late by the stall's length. The packets after that come faster than real time, which is not
 * the sender's fault. Pure; times are samples of the session clock.
 */
export class OwnStalls {
  #latestSamples = 0;
  /** The longest time until the next tick. */
  #longestSamples = MOST_INTERVALS * TENTH_SAMPLES;
  #stalls: { readonly fromSamples: number; readonly toSamples: number }[] = [];

  /** @param intervalSamples from the last tick to this one, if it is on time */
  tick(nowSamples: number, intervalSamples = TENTH_SAMPLES): void {
    const longestSamples = Math.max(this.#longestSamples, MOST_INTERVALS * intervalSamples);
    this.#stalls = this.#stalls.filter(({ toSamples }) => toSamples >= nowSamples - KEPT_SAMPLES);
    if (nowSamples - this.#latestSamples > longestSamples) {
      this.#stalls.push({ fromSamples: this.#latestSamples, toSamples: nowSamples });
    }
    this.#latestSamples = nowSamples;
    this.#longestSamples = MOST_INTERVALS * intervalSamples;
  }

  /** How much earlier a packet that was read at this time may have arrived. */
  before(arrivalSamples: number): number {
    const sinceTick = arrivalSamples - this.#latestSamples;
    let samples = sinceTick > this.#longestSamples ? sinceTick : 0;
    // Nothing is read during a stall, so the stall does not count towards this time.
    let sinceSamples = arrivalSamples - READING_SAMPLES - samples;
    for (const { fromSamples, toSamples } of this.#stalls.toReversed()) {
      if (fromSamples > arrivalSamples) continue;
      if (toSamples < sinceSamples) break;
      const lengthSamples = Math.min(toSamples, arrivalSamples) - fromSamples;
      samples += lengthSamples;
      sinceSamples -= lengthSamples;
    }
    return samples;
  }
}
