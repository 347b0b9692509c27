import { type DropFate, type FateCounts, noDrops } from "../../audio/fates.ts";

/** The fates of the datagrams, in total and for each speaker. */
export class DatagramCounts {
  readonly #all: FateCounts = noDrops();
  readonly #bySpeaker = new Map<string, { frames: number; drops: FateCounts }>();
  #frames = 0;

  /** Counts a frame that is or will be written. */
  accepted(userId: string): void {
    this.#frames += 1;
    this.#speaker(userId).frames += 1;
  }

  /** Counts accepted frames that are not written after all. */
  refused(fate: DropFate, userId: string, count = 1): void {
    const speaker = this.#speaker(userId);
    this.#frames -= count;
    speaker.frames -= count;
    this.#all[fate] += count;
    speaker.drops[fate] += count;
  }

  /** Counts accepted frames that were taken back before they were written. */
  takenBack(userId: string, count: number): void {
    const speaker = this.#speaker(userId);
    this.#frames -= count;
    speaker.frames -= count;
    this.#all.not_recording += count;
    speaker.drops.not_recording += count;
  }

  /** @param userId the speaker, if known */
  dropped(fate: DropFate, userId: string | undefined): void {
    this.#all[fate] += 1;
    if (userId !== undefined) this.#speaker(userId).drops[fate] += 1;
  }

  all(): SpeakerCounts {
    return countsOf(this.#frames, this.#all);
  }

  of(userId: string): SpeakerCounts {
    const speaker = this.#bySpeaker.get(userId);
    return speaker === undefined ? countsOf(0, noDrops()) : countsOf(speaker.frames, speaker.drops);
  }

  bySpeaker(): ReadonlyMap<string, SpeakerCounts> {
    return new Map([...this.#bySpeaker.keys()].map((userId) => [userId, this.of(userId)]));
  }

  #speaker(userId: string): { frames: number; drops: FateCounts } {
    let speaker = this.#bySpeaker.get(userId);
    if (speaker === undefined) {
      speaker = { frames: 0, drops: noDrops() };
      this.#bySpeaker.set(userId, speaker);
    }
    return speaker;
  }
}

export interface SpeakerCounts {
  /** written + the sum of dropped */
  readonly received: number;
  readonly written: number;
  readonly dropped: FateCounts;
}

function countsOf(frames: number, drops: FateCounts): SpeakerCounts {
  const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
  return { received: frames + dropped, written: frames, dropped: { ...drops } };
}
