import { DEFAULT_HOLD_MS, ReorderBuffer, type ReorderVerdict } from "../../audio/reorder.ts";
import { SeenSequences } from "../../audio/seen-sequences.ts";
import { Timeline, type TimelineOutput } from "../../audio/timeline.ts";
import type { VoiceFrame } from "../ports/voice.ts";

/** How long no packet without proof is taken, once somebody else was found to send those under the same SSRC. */
const PROVEN_ONLY_MS = 2_000;
/** Sequence numbers remembered of packets without proof. */
const UNPROVEN_SEQUENCES = 1_024;

/**
 * One SSRC on one connection. It takes packets in any order and gives each its place.
 *
 * Silence comes without end-to-end encryption, so anybody in the call can send it under another's SSRC, with any
 * numbers. It must cost the speaker no packet that a key proves. If such a packet is refused because of what came without
 * proof, the stream starts over with it.
 */
export class SpeakerStream {
  readonly #toSamples: (monotonicMs: number) => number;
  readonly #output: TimelineOutput<VoiceFrame>;
  #timeline: Timeline<VoiceFrame>;
  #reorder: ReorderBuffer<VoiceFrame>;
  /** Packets lost since the last one with sound. */
  #lost = 0;
  #latestMs = 0;
  /** The packet sent last of those that a key proved. */
  #newestProven: VoiceFrame | undefined;
  /** The numbers of accepted packets without proof; undefined if there were none since the stream started. */
  #unproven: SeenSequences | undefined;
  /** Packets with a proof that got no place, maybe because of those without. */
  #refused: VoiceFrame[] = [];
  /** Packets without proof that arrive before this time are refused. */
  #provenOnlyUntilMs = Number.NEGATIVE_INFINITY;

  /**
   * @param toSamples turns the monotonic clock's milliseconds into samples of the session clock
   * @param output gets the packets and their places during `push`, `poll` and `flush`
   */
  constructor(toSamples: (monotonicMs: number) => number, output: TimelineOutput<VoiceFrame>) {
    this.#toSamples = toSamples;
    this.#output = { ...output, refuse: (frame) => this.#refuse(frame, output) };
    this.#timeline = new Timeline(this.#output);
    this.#reorder = this.#startOrder();
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
    const verdict = frame.isProven === true ? this.#pushProven(frame) : this.#pushUnproven(frame);
    if (this.#refused.length > 0) this.#startOver(frame.arrivalMs);
    return verdict;
  }

  poll(nowMs: number): void {
    this.#reorder.poll(nowMs);
    this.#timeline.poll(this.#toSamples(nowMs));
    if (this.#refused.length > 0) this.#startOver(nowMs);
  }

  flush(): void {
    this.#reorder.flush();
    this.#timeline.flush();
    if (this.#refused.length === 0) return;
    this.#startOver(this.#latestMs);
    this.flush();
  }

  #pushProven(frame: VoiceFrame): ReorderVerdict {
    const isNewest = this.#newestProven === undefined || isSentAfter(frame, this.#newestProven);
    if (isNewest) this.#newestProven = frame;
    const verdict = this.#reorder.push(frame);
    if (verdict === "accepted" || this.#unproven === undefined) return verdict;
    // Either its number was used already, or the numbers that others used put it into the past.
    if (!isNewest && !(verdict === "duplicate" && this.#unproven.has(frame.sequence))) return verdict;
    this.#startOver(frame.arrivalMs);
    return this.#reorder.push(frame);
  }

  #pushUnproven(frame: VoiceFrame): ReorderVerdict {
    if (frame.arrivalMs < this.#provenOnlyUntilMs) return "duplicate";
    const verdict = this.#reorder.push(frame);
    if (verdict !== "accepted") return verdict;
    this.#unproven ??= new SeenSequences(UNPROVEN_SEQUENCES);
    this.#unproven.add(frame.sequence);
    return verdict;
  }

  #refuse(frame: VoiceFrame, output: TimelineOutput<VoiceFrame>): void {
    if (frame.isProven === true && this.#unproven !== undefined) this.#refused.push(frame);
    else output.refuse(frame);
  }

  /** Packets with a proof that got no place, or wait for an earlier one, get a new chance. */
  #startOver(nowMs: number): void {
    this.#provenOnlyUntilMs = nowMs + PROVEN_ONLY_MS;
    const held = [...this.#reorder.held];
    for (const frame of held) if (frame.isProven !== true) this.#place(frame, 0);
    this.#timeline.flush();
    const again = [...this.#refused, ...held.filter(({ isProven }) => isProven === true)];
    this.#refused = [];
    this.#unproven = undefined;
    this.#lost = 0;
    this.#timeline = new Timeline(this.#output);
    this.#reorder = this.#startOrder();
    for (const frame of again) this.#reorder.push(frame);
  }

  #startOrder(): ReorderBuffer<VoiceFrame> {
    return new ReorderBuffer({ holdMs: DEFAULT_HOLD_MS }, (frame, lostBefore) => this.#place(frame, lostBefore));
  }

  #place(frame: VoiceFrame, lostBefore: number): void {
    this.#lost += lostBefore;
    if (frame.opus.length === 0) return; // all padding: it only takes its turn
    const lost = this.#lost;
    this.#lost = 0;
    this.#timeline.push(frame, this.#toSamples(frame.arrivalMs), lost);
  }
}

/** Whether a packet was sent after another, by 16-bit sequence numbers (RFC 3550 §5.1). */
function isSentAfter(packet: VoiceFrame, other: VoiceFrame): boolean {
  return ((packet.sequence - other.sequence) << 16) >> 16 > 0;
}
