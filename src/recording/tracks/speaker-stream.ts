import { DEFAULT_HOLD_MS, ReorderBuffer, type ReorderVerdict } from "../../audio/reorder.ts";
import { Timeline, type TimelineOutput } from "../../audio/timeline.ts";
import type { VoiceFrame } from "../ports/voice.ts";

/** One SSRC on one connection. It takes packets in any order and gives each its place. */
export class SpeakerStream {
  readonly #reorder: ReorderBuffer<VoiceFrame>;
  readonly #timeline: Timeline<VoiceFrame>;
  readonly #toSamples: (monotonicMs: number) => number;
  /** Packets lost since the last one with sound. */
  #lost = 0;
  #latestMs = 0;

  /**
   * @param toSamples turns the monotonic clock's milliseconds into samples of the session clock
   * @param output gets the packets and their places during `push`, `poll` and `flush`
   */
  constructor(toSamples: (monotonicMs: number) => number, output: TimelineOutput<VoiceFrame>) {
    this.#toSamples = toSamples;
    this.#timeline = new Timeline(output);
    this.#reorder = new ReorderBuffer({ holdMs: DEFAULT_HOLD_MS }, (frame, lostBefore) => {
      this.#lost += lostBefore;
      if (frame.opus.length === 0) return; // all padding: it only takes its turn
      const lost = this.#lost;
      this.#lost = 0;
      this.#timeline.push(frame, this.#toSamples(frame.arrivalMs), lost);
    });
  }

  /** Packets that wait for an earlier one. */
  get reorderDepth(): number {
    return this.#reorder.depth;
  }

  /** Packets with sound that wait for an earlier one, or for their place. */
  get held(): number {
    let held = this.#timeline.depth;
    for (const { opus } of this.#reorder.held) if (opus.length > 0) held += 1;
    return held;
  }

  /** The arrival of its latest packet on the monotonic clock. */
  get latestMs(): number {
    return this.#latestMs;
  }

  push(frame: VoiceFrame): ReorderVerdict {
    this.#latestMs = frame.arrivalMs;
    return this.#reorder.push(frame);
  }

  poll(nowMs: number): void {
    this.#reorder.poll(nowMs);
    this.#timeline.poll(this.#toSamples(nowMs));
  }

  flush(): void {
    this.#reorder.flush();
    this.#timeline.flush();
  }
}
