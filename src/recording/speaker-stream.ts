import { DEFAULT_HOLD_MS, type OrderedPacket, ReorderBuffer, type ReorderVerdict } from "../audio/reorder.ts";
import { type Placement, Timeline } from "../audio/timeline.ts";
import type { VoiceFrame } from "./ports.ts";

/** A frame of one SSRC, in order. */
export interface StreamFrame {
  readonly frame: VoiceFrame;
  readonly rtpTimestamp: number;
  readonly durationSamples: number;
  readonly arrivalSamples: number;
  /** Packets missing between this one and the one before. */
  readonly lostBefore: number;
}

/** One SSRC on one connection: packets in any order in, packets at their places out. */
export class SpeakerStream {
  readonly #reorder = new ReorderBuffer<VoiceFrame>({ holdMs: DEFAULT_HOLD_MS });
  readonly #timeline = new Timeline<StreamFrame>();
  readonly #toSamples: (monotonicMs: number) => number;
  #ordered: OrderedPacket<VoiceFrame>[] = [];
  /** Packets lost since the last one with sound. */
  #lost = 0;

  /** @param toSamples turns the monotonic clock's milliseconds into samples of the session clock */
  constructor(toSamples: (monotonicMs: number) => number) {
    this.#toSamples = toSamples;
  }

  /** Packets that wait for one before them. */
  get reorderDepth(): number {
    return this.#reorder.depth;
  }

  push(frame: VoiceFrame, out: Placement<StreamFrame>[]): ReorderVerdict {
    const verdict = this.#reorder.push(frame, this.#ordered);
    this.#place(out);
    return verdict;
  }

  poll(nowMs: number, out: Placement<StreamFrame>[]): void {
    this.#reorder.poll(nowMs, this.#ordered);
    this.#place(out);
    this.#timeline.poll(this.#toSamples(nowMs), out);
  }

  flush(out: Placement<StreamFrame>[]): void {
    this.#reorder.flush(this.#ordered);
    this.#place(out);
    this.#timeline.flush(out);
  }

  #place(out: Placement<StreamFrame>[]): void {
    if (this.#ordered.length === 0) return;
    for (const { packet, lostBefore } of this.#ordered) {
      const { rtpTimestamp, durationSamples, arrivalMs, opus } = packet;
      this.#lost += lostBefore;
      if (opus.length === 0) continue; // all padding: its turn has come, and that was all
      const arrivalSamples = this.#toSamples(arrivalMs);
      this.#timeline.push(
        { frame: packet, rtpTimestamp, durationSamples, arrivalSamples, lostBefore: this.#lost },
        out,
      );
      this.#lost = 0;
    }
    this.#ordered = [];
  }
}
