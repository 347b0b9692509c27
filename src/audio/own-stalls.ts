import { SAMPLES_PER_SECOND } from "./opus-packet.ts";

/** Ticks come ten times a second. One that is later than this by now was held up: this process was busy, or not run. */
const LONGEST_TICK_SAMPLES = SAMPLES_PER_SECOND / 5;
/** After a stall the socket is empty again within this time: until then packets are read later than they arrived. */
const READING_SAMPLES = SAMPLES_PER_SECOND;
/** No packet waits for a decision about its place for longer. */
const KEPT_SAMPLES = 5 * SAMPLES_PER_SECOND;

/**
 * When this process did not run, by its own ticks. A packet's time of arrival is the time at which it was read, so after a
 * stall of ours it may be late by the stall's length. What follows is then faster than real time, and no fault of the
 * sender's. Pure; times are samples of the session clock.
 */
export class OwnStalls {
  #latestSamples = 0;
  #stalls: { readonly fromSamples: number; readonly toSamples: number }[] = [];

  /** Call ten times a second. */
  tick(nowSamples: number): void {
    this.#stalls = this.#stalls.filter(({ toSamples }) => toSamples >= nowSamples - KEPT_SAMPLES);
    if (nowSamples - this.#latestSamples > LONGEST_TICK_SAMPLES) {
      this.#stalls.push({ fromSamples: this.#latestSamples, toSamples: nowSamples });
    }
    this.#latestSamples = nowSamples;
  }

  /** How much earlier than at this time the packet that was read then may have arrived. */
  before(arrivalSamples: number): number {
    const sinceTick = arrivalSamples - this.#latestSamples;
    let samples = sinceTick > LONGEST_TICK_SAMPLES ? sinceTick : 0;
    // Nothing is read during a stall, so its time is none of the time to read in.
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
