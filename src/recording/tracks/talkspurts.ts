import { SAMPLES_PER_SECOND } from "../../audio/opus-packet.ts";

/** Speech pauses shorter than this do not end a talkspurt. */
const PAUSE_SAMPLES = 0.3 * SAMPLES_PER_SECOND;

/** From a speaker's first sound to the last one before a pause, in session samples. */
export interface Talkspurt {
  readonly start: number;
  readonly end: number;
}

/** Joins a speaker's packets with sound into talkspurts. */
export class Talkspurts {
  #open: Talkspurt | undefined;

  /** The open talkspurt. */
  get open(): Talkspurt | undefined {
    return this.#open;
  }

  /** @returns the talkspurt that was over before this sound, if any */
  sound(start: number, durationSamples: number): Talkspurt | undefined {
    const over = this.endBefore(start);
    this.#open = { start: this.#open?.start ?? start, end: start + durationSamples };
    return over;
  }

  /** @returns the open talkspurt up to that position, which ends it; undefined if nothing of it is left */
  cutAt(endSamples: number): Talkspurt | undefined {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || open.start >= endSamples) return undefined;
    return { start: open.start, end: Math.min(open.end, endSamples) };
  }

  /** @returns the open talkspurt if its speaker was silent until `nowSamples`, which ends it */
  endBefore(nowSamples: number): Talkspurt | undefined {
    const open = this.#open;
    if (open === undefined || nowSamples - open.end < PAUSE_SAMPLES) return undefined;
    this.#open = undefined;
    return open;
  }
}
