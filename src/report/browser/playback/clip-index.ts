import type { PageClip } from "../../page-data.ts";

/** Pauses shorter than a second belong to the conversation. */
const LEAST_SILENCE_SAMPLES = 48_000;
/** Time before speech resumes, so the first sound is not cut off. */
const BEFORE_SAMPLES = 9_600;

/** Finds clips by their time. All positions are samples of the session clock. */
export class ClipIndex {
  readonly #clips: readonly PageClip[];
  readonly #longest: number;

  /** @param clips by their start */
  constructor(clips: readonly PageClip[]) {
    this.#clips = clips;
    this.#longest = clips.reduce((longest, [, , samples]) => Math.max(longest, samples), 0);
  }

  /** Index of the first clip that may still sound at `sample`. */
  firstAt(sample: number): number {
    let [low, high] = [0, this.#clips.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#clips[middle]?.[1] ?? 0) < sample - this.#longest) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Indexes of the clips from `first` that end after `fromSample` and begin before `untilSample`. */
  soundingBetween(first: number, fromSample: number, untilSample: number): number[] {
    const found: number[] = [];
    for (let index = first; index < this.#clips.length; index += 1) {
      const [, startSample = 0, samples = 0] = this.#clips[index] ?? [];
      if (startSample >= untilSample) break;
      if (startSample + samples > fromSample) found.push(index);
    }
    return found;
  }

  /**
   * Where to continue if nobody is heard at `atSample`: shortly before the next sound, or at the end. Undefined if
   * somebody is heard, or is about to be.
   *
   * @param audible of each speaker
   */
  afterSilence(atSample: number, endSample: number, audible: readonly boolean[]): number | undefined {
    for (let index = this.firstAt(atSample); index < this.#clips.length; index += 1) {
      const [speaker = -1, startSample = 0, samples = 0] = this.#clips[index] ?? [];
      if (audible[speaker] !== true || startSample + samples <= atSample) continue;
      const toSample = startSample - BEFORE_SAMPLES;
      return toSample - atSample < LEAST_SILENCE_SAMPLES ? undefined : toSample;
    }
    return endSample - atSample < LEAST_SILENCE_SAMPLES ? undefined : endSample;
  }
}
