import { SAMPLES_PER_SECOND } from "./opus-packet.ts";

/** Ticks come ten times a second. A tick later than this means that the process was busy or not scheduled. */
const LONGEST_TICK_SAMPLES = SAMPLES_PER_SECOND / 5;
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
  #stalls: { readonly fromSamples: number; readonly toSamples: number }[] = [];

  /** Call ten times a second. */
  tick(nowSamples: number): void {
    this.#stalls = this.#stalls.filter(({ toSamples }) => toSamples >= nowSamples - KEPT_SAMPLES);
    if (nowSamples - this.#latestSamples > LONGEST_TICK_SAMPLES) {
      this.#stalls.push({ fromSamples: this.#latestSamples, toSamples: nowSamples });
    }
    this.#latestSamples = nowSamples;
  }

  /** How much earlier a packet that was read at this time may have arrived. */
  before(arrivalSamples: number): number {
    const sinceTick = arrivalSamples - this.#latestSamples;
    let samples = sinceTick > LONGEST_TICK_SAMPLES ? sinceTick : 0;
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
