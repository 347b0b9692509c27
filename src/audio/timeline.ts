/** This file is long because each method is a step of one decision and reads the same few positions. */

import { MIN_FRAME_SAMPLES, SAMPLES_PER_SECOND } from "./opus-packet.ts";
import { TransitWindow } from "./transit.ts";
import { Unwrapper } from "./unwrap.ts";

/** The fields of a packet that placing needs. */
export interface TimedPacket {
  /** RTP timestamp, 32 bits at 48 kHz. */
  readonly rtpTimestamp: number;
  readonly durationSamples: number;
}

/** The arrival of a packet, which placing also needs. */
export interface Arrival {
  /** When it arrived, in samples of the session clock. */
  readonly arrivalSamples: number;
  /** Packets missing between this one and the one before, by their sequence numbers. */
  readonly lostBefore: number;
}

/** Why the relation between a speaker's RTP clock and the session clock was set or changed. */
export type AnchorReason =
  /** First packet of this SSRC on this connection. */
  | "first"
  /** The speaker's clock runs slightly fast or slow; corrected in silence. */
  | "clock_skew"
  /** The speaker's RTP clock stopped in silence, or jumped. */
  | "clock_jump";

export interface Anchor {
  readonly reason: AnchorReason;
  /** The session position where the new relation begins. */
  readonly positionSamples: number;
  /** How much later this is than the RTP clock predicted; negative if earlier, 0 for the first. */
  readonly shiftSamples: number;
}

/**
 * Takes a placed packet.
 *
 * @param positionSamples session position of the packet's first sample
 * @param lostBefore the value that came with the packet
 * @param anchor given if the packet begins a new relation between the clocks
 */
export type TakePlaced<T> = (
  packet: T,
  positionSamples: number,
  lostBefore: number,
  anchor: Anchor | undefined,
) => void;

/** Receives a timeline's packets. All methods are called during `push`, `poll` and `flush`. */
export interface TimelineOutput<T> {
  readonly place: TakePlaced<T>;
  /** Takes a packet without a place, because that would be further ahead of its arrival than a live sender can be. */
  readonly refuse: (packet: T) => void;
  /** Whether a known clock may get a new anchor at this time. Called once for each such anchor. */
  readonly mayAnchor: (arrivalSamples: number) => boolean;
  /** How long a packet may have waited before it was read, because this process was stalled. */
  readonly stalledSamples: (arrivalSamples: number) => number;
}

interface Undecided<T> extends Arrival {
  readonly packet: T;
  /** Unwrapped. */
  readonly timestamp: number;
}

/** How a speaker's RTP clock relates to the session clock, and the packet that was placed last. */
interface Relation {
  /** Session position = unwrapped RTP timestamp + offset. */
  readonly offset: number;
  /** When the packet that set the offset arrived, and how much our own stalls may have delayed it. */
  readonly anchoredAtSamples: number;
  readonly stalledSamples: number;
  /** Where the last packet ends, in RTP time and in the session. */
  endTimestamp: number;
  endSamples: number;
  /** When the last packet arrived, and how long after its RTP time. */
  arrivalSamples: number;
  transitSamples: number;
}

/**
 * A pause this long, in RTP time or in arrival time and without counting losses, ends a talkspurt. Places are corrected
 * only there.
 */
const TALKSPURT_GAP_SAMPLES = ms(200);
/** How long the first packets after a doubtful pause are collected before their place is decided. */
const DECISION_SAMPLES = ms(200);
/** A transit up to this much above the smallest recent one is jitter, and no reason to doubt the RTP clock. */
const LATE_TOLERANCE_SAMPLES = ms(60);
/**
 * Longest delay that counts as a stall. A talkspurt may follow a pause in RTP time and arrive later than its RTP time by
 * no more than this. Then something held it up: a stalled network, a full queue or a busy machine. A clock that stops in
 * silence shows no pause in RTP time. If a clock stopped for only a part of the pause, the transit window shows it 30 s
 * later, and the place is corrected then.
 */
const LONGEST_STALL_SAMPLES = ms(5_000);
/** Nothing arrives before it was sent, so a transit this much below the smallest one means that the clock moved. */
const EARLY_TOLERANCE_SAMPLES = ms(15);
/**
 * Smaller skew is not corrected, so an exact RTP clock is followed exactly even if the smallest transit varies.
 * Together with the 3 ms lag of the transit window at 100 ppm it stays below one 20 ms packet.
 */
const SKEW_TOLERANCE_SAMPLES = ms(12);
/**
 * How far ahead of its arrival sound may be. Nothing arrives before it was spoken, but the first anchor is late if a
 * stall that ends slowly delayed the first packets. More than this means that the clock moved, or that sound comes
 * faster than real time.
 */
export const AHEAD_SAMPLES = ms(1_500);
/**
 * A fast clock may also be ahead by this fraction of the time since the anchor: 1,000 ppm, 10 times the error of
 * crystals.
 */
export const AHEAD_SHARE = 1 / 1_000;
/** Longer than a network holds a packet. Sound further behind its arrival comes from a slow clock. */
const LONGEST_LAG_SAMPLES = ms(30_000);
/** The first packets of a stream are collected for longer while their transit falls by more than `FALLING_SAMPLES`. */
const LONGEST_DECISION_SAMPLES = ms(1_200);
const FALLING_SAMPLES = ms(40);
const STEADY_SAMPLES = ms(100);
/** At most this many packets wait for a decision, because a sender may send at any rate. */
const MAX_UNDECIDED = 4_096;

/**
 * Gives each packet of one SSRC its place on the session clock.
 *
 * Inside a talkspurt, only the RTP timestamp decides. At the start of a talkspurt, the RTP clock's prediction is
 * compared with the arrival: position = RTP timestamp + offset. The offset that the arrival suggests is the smallest
 * recent transit (arrival - RTP timestamp), because a delay can only add to it.
 *
 * - If the two agree, the prediction is used.
 * - If they differ by a little, that is clock skew.
 * - If they differ by a lot and RTP time has the pause too, the clock kept running and the packets were delayed.
 * - Otherwise the packets of the next 200 ms are collected first, because one packet cannot show whether the network
 *   stalled or the clock stopped. If RTP time shows no pause at all, the place moves only if the clock stopped for the
 *   whole pause: anything less would cut speech.
 *
 * Sequence numbers and timestamps come from the sender; the time of arrival is our own measurement. So no packet is
 * placed further ahead of its arrival than a live sender can be, whatever its numbers say: the clock gets a new anchor,
 * or the packet is refused. Our own stalls are the exception: they make the first packets late, and those behind them
 * no faster than real time.
 *
 * Packets must come in sending order. Pure: time comes in with the packets. They are passed on by function calls, for
 * the reason given at `ReorderBuffer`.
 */
export class Timeline<T extends TimedPacket> {
  readonly #timestamps = new Unwrapper(32);
  readonly #transits = new TransitWindow();
  readonly #output: TimelineOutput<T>;
  /** Undefined until the first packets have their places. */
  #relation: Relation | undefined;
  /** Undecided packets of a talkspurt. */
  #undecided: Undecided<T>[] = [];
  /** Their smallest transit, and when it came; jitter does not affect it. */
  #lowestTransitSamples = Number.POSITIVE_INFINITY;
  #lowestAtSamples = 0;

  constructor(output: TimelineOutput<T>) {
    this.#output = output;
  }

  /** Packets whose place is not decided yet. */
  get depth(): number {
    return this.#undecided.length;
  }

  push(packet: T, arrivalSamples: number, lostBefore: number): void {
    const timestamp = this.#timestamps.unwrap(packet.rtpTimestamp);
    this.#timestamps.setReference(timestamp);
    // A decision ignores later packets, because they may belong to another talkspurt.
    this.poll(arrivalSamples);
    if (this.#undecided.length >= MAX_UNDECIDED) this.#decide();
    if (this.#undecided.length > 0) this.#wait(packet, timestamp, arrivalSamples, lostBefore);
    else this.#placeOrWait(packet, timestamp, arrivalSamples, lostBefore);
  }

  /** Decides about the talkspurts that began `DECISION_SAMPLES` before `nowSamples` or earlier. */
  poll(nowSamples: number): void {
    for (let first = this.#undecided[0]; first !== undefined; first = this.#undecided[0]) {
      const waitedSamples = nowSamples - first.arrivalSamples;
      if (waitedSamples < DECISION_SAMPLES || this.#isFalling(nowSamples, waitedSamples)) return;
      this.#decide();
    }
  }

  /** Places all undecided packets, because no more will come. */
  flush(): void {
    while (this.#undecided.length > 0) this.#decide();
  }

  #wait(packet: T, timestamp: number, arrivalSamples: number, lostBefore: number): void {
    const transitSamples = arrivalSamples - timestamp;
    if (transitSamples < this.#lowestTransitSamples - FALLING_SAMPLES) {
      this.#lowestTransitSamples = transitSamples;
      this.#lowestAtSamples = arrivalSamples;
    }
    this.#undecided.push({ packet, timestamp, arrivalSamples, lostBefore });
  }

  /** Whether the first packets of a stream are still catching up after a stall. An anchor now would be too late. */
  #isFalling(nowSamples: number, waitedSamples: number): boolean {
    if (this.#relation !== undefined) return false;
    return waitedSamples < LONGEST_DECISION_SAMPLES && nowSamples - this.#lowestAtSamples < STEADY_SAMPLES;
  }

  #placeOrWait(packet: T, timestamp: number, arrivalSamples: number, lostBefore: number): void {
    const transit = arrivalSamples - timestamp;
    const relation = this.#relation;
    if (relation === undefined) {
      this.#wait(packet, timestamp, arrivalSamples, lostBefore);
      return;
    }
    if (isAhead(relation, packet.durationSamples, timestamp, arrivalSamples)) {
      // If the placed audio already extends past now, no decision can find a place for the packet.
      if (relation.endSamples > arrivalSamples + DECISION_SAMPLES) this.#output.refuse(packet);
      else this.#wait(packet, timestamp, arrivalSamples, lostBefore);
      return;
    }
    const pause = pauseBefore(relation, packet.durationSamples, timestamp, arrivalSamples, lostBefore);
    const lagsFar = isFarBehind(relation, timestamp, arrivalSamples);
    if (pause === "none" && !lagsFar) {
      this.#transits.add(arrivalSamples, transit);
      this.#place(relation, packet, timestamp, arrivalSamples, lostBefore, undefined);
      return;
    }
    const smallest = this.#transits.smallest(arrivalSamples);
    const latest = pause === "rtp" ? LONGEST_STALL_SAMPLES : LATE_TOLERANCE_SAMPLES;
    if (smallest === undefined || lagsFar || !isPlausible(transit - smallest, latest)) {
      this.#wait(packet, timestamp, arrivalSamples, lostBefore);
      return;
    }
    this.#transits.add(arrivalSamples, transit);
    const lowest = Math.min(smallest, transit);
    const isSkewed = pause !== "arrival" && Math.abs(lowest - relation.offset) > SKEW_TOLERANCE_SAMPLES;
    if (isSkewed && this.#anchor({ packet, timestamp, arrivalSamples, lostBefore }, lowest) !== undefined) return;
    this.#place(relation, packet, timestamp, arrivalSamples, lostBefore, undefined);
  }

  /** Decides the place of the first collected talkspurt; later ones are decided separately. */
  #decide(): void {
    const rest = this.#undecided;
    this.#undecided = [];
    this.#lowestTransitSamples = Number.POSITIVE_INFINITY;
    const [first, ...spurt] = rest.splice(0, talkspurtLength(rest));
    if (first !== undefined) this.#decideSpurt(first, spurt);
    for (const { packet, timestamp, arrivalSamples, lostBefore } of rest) {
      if (this.#undecided.length > 0) this.#wait(packet, timestamp, arrivalSamples, lostBefore);
      else this.#placeOrWait(packet, timestamp, arrivalSamples, lostBefore);
    }
  }

  /** Places a collected talkspurt's first packet, and the others by the RTP clock behind it. */
  #decideSpurt(first: Undecided<T>, others: readonly Undecided<T>[]): void {
    const spurt = [first, ...others];
    const smallest = Math.min(...spurt.map(({ arrivalSamples, timestamp }) => arrivalSamples - timestamp));
    const kept = this.#keptRelation(first, others.at(-1), smallest);
    const relation = kept ?? this.#anchor(first, smallest);
    if (relation === undefined) {
      for (const { packet } of spurt) this.#output.refuse(packet);
      return;
    }
    if (kept === undefined) this.#transits.clear();
    else this.#placeByClock(kept, first);
    for (const { arrivalSamples, timestamp } of spurt) this.#transits.add(arrivalSamples, arrivalSamples - timestamp);
    for (const following of others) this.#placeByClock(relation, following);
  }

  /**
   * The relation of the clocks, if a collected talkspurt keeps it. If RTP time shows no pause, the place may differ from
   * the predicted one only after the clock stopped. Then the smallest transit rises as much as the first packet's
   * transit, and packets arrive at the pace of their timestamps. Packets that a stall held back arrive faster: each is
   * less late than the one before.
   *
   * @param last undefined if there is only one packet
   * @param smallest of the talkspurt's transits
   */
  #keptRelation(first: Undecided<T>, last: Undecided<T> | undefined, smallest: number): Relation | undefined {
    const relation = this.#relation;
    if (relation === undefined || Math.abs(smallest - relation.offset) <= SKEW_TOLERANCE_SAMPLES) return relation;
    const { packet, timestamp, arrivalSamples, lostBefore } = first;
    if (isAhead(relation, packet.durationSamples, timestamp, arrivalSamples)) return undefined;
    if (isFarBehind(relation, timestamp, arrivalSamples)) return undefined;
    const pause = pauseBefore(relation, packet.durationSamples, timestamp, arrivalSamples, lostBefore);
    if (pause === "rtp" || pause === "backwards") return undefined;
    const excessTransit = smallest - (this.#transits.smallest(arrivalSamples) ?? relation.offset);
    const risenSamples = arrivalSamples - timestamp - relation.transitSamples;
    const isPaced = last !== undefined && 2 * (last.arrivalSamples - arrivalSamples) >= last.timestamp - timestamp;
    const hasStopped = excessTransit > LATE_TOLERANCE_SAMPLES && excessTransit >= risenSamples - LATE_TOLERANCE_SAMPLES;
    return isPaced && hasStopped ? undefined : relation;
  }

  /**
   * Places a packet at the position that this transit gives, and makes that the relation of the clocks.
   *
   * @returns undefined if the audio placed so far is too far ahead of the packet's arrival, or if anchors come too often;
   *   nothing is placed then
   */
  #anchor({ packet, timestamp, arrivalSamples, lostBefore }: Undecided<T>, transit: number): Relation | undefined {
    const before = this.#relation;
    // The place never overlaps placed audio, is never before the session, and is a multiple of the shortest Opus frame,
    // because a pause can only be filled with whole frames.
    const earliest = Math.ceil((before?.endSamples ?? 0) / MIN_FRAME_SAMPLES) * MIN_FRAME_SAMPLES;
    const positionSamples = Math.max(toGrid(timestamp + transit), earliest);
    if (positionSamples + packet.durationSamples - arrivalSamples > AHEAD_SAMPLES) return undefined;
    if (before !== undefined && !this.#output.mayAnchor(arrivalSamples)) return undefined;
    const relation: Relation = {
      offset: positionSamples - timestamp,
      anchoredAtSamples: arrivalSamples,
      stalledSamples: Math.min(this.#output.stalledSamples(arrivalSamples), LONGEST_STALL_SAMPLES),
      ...{ endTimestamp: 0, endSamples: 0, arrivalSamples: 0, transitSamples: 0 },
    };
    this.#relation = relation;
    const anchor: Anchor = {
      reason: before === undefined ? "first" : reasonFor(transit - before.offset),
      positionSamples,
      shiftSamples: before === undefined ? 0 : relation.offset - before.offset,
    };
    this.#place(relation, packet, timestamp, arrivalSamples, lostBefore, anchor);
    return relation;
  }

  #placeByClock(relation: Relation, { packet, timestamp, arrivalSamples, lostBefore }: Undecided<T>): void {
    if (isAhead(relation, packet.durationSamples, timestamp, arrivalSamples)) this.#output.refuse(packet);
    else this.#place(relation, packet, timestamp, arrivalSamples, lostBefore, undefined);
  }

  #place(
    relation: Relation,
    packet: T,
    timestamp: number,
    arrivalSamples: number,
    lostBefore: number,
    anchor: Anchor | undefined,
  ): void {
    // A timestamp may run backwards inside a talkspurt, but not to before the session.
    const positionSamples = Math.max(0, timestamp + relation.offset);
    relation.endTimestamp = timestamp + packet.durationSamples;
    relation.endSamples = positionSamples + packet.durationSamples;
    relation.arrivalSamples = arrivalSamples;
    relation.transitSamples = arrivalSamples - timestamp;
    this.#output.place(packet, positionSamples, lostBefore, anchor);
  }
}

/** Whether the RTP timestamp puts the packet further ahead of its arrival than a live sender can be. */
function isAhead(relation: Relation, durationSamples: number, timestamp: number, arrivalSamples: number): boolean {
  const aheadSamples = timestamp + relation.offset + durationSamples - arrivalSamples;
  const skewSamples = (arrivalSamples - relation.anchoredAtSamples) * AHEAD_SHARE;
  return aheadSamples > AHEAD_SAMPLES + relation.stalledSamples + skewSamples;
}

/** Whether the RTP timestamp puts the packet further behind its arrival than a network can hold it. */
function isFarBehind({ offset }: Relation, timestamp: number, arrivalSamples: number): boolean {
  return arrivalSamples - timestamp - offset > LONGEST_LAG_SAMPLES;
}

/** Whether there was a pause before the packet: RTP time shows one or runs backwards, or only the arrival shows one. */
function pauseBefore(
  relation: Relation,
  durationSamples: number,
  timestamp: number,
  arrivalSamples: number,
  lostBefore: number,
): "rtp" | "backwards" | "arrival" | "none" {
  const lostSamples = lostBefore * durationSamples;
  const rtpGap = timestamp - relation.endTimestamp;
  if (rtpGap - lostSamples >= TALKSPURT_GAP_SAMPLES) return "rtp";
  if (rtpGap <= -TALKSPURT_GAP_SAMPLES) return "backwards";
  const arrivalGap = arrivalSamples - relation.arrivalSamples;
  return arrivalGap - lostSamples >= TALKSPURT_GAP_SAMPLES ? "arrival" : "none";
}

/** @param shiftSamples how far the new relation is from the one before */
function reasonFor(shiftSamples: number): AnchorReason {
  return Math.abs(shiftSamples) <= LATE_TOLERANCE_SAMPLES ? "clock_skew" : "clock_jump";
}

function isPlausible(excessTransit: number, latest: number): boolean {
  return excessTransit <= latest && excessTransit >= -EARLY_TOLERANCE_SAMPLES;
}

/** How many of these packets follow each other in RTP time without a pause that ends a talkspurt. */
function talkspurtLength(packets: readonly Undecided<TimedPacket>[]): number {
  const pause = packets.findIndex(({ timestamp }, index) => {
    const before = packets[index - 1];
    if (before === undefined) return false;
    return Math.abs(timestamp - before.timestamp - before.packet.durationSamples) >= TALKSPURT_GAP_SAMPLES;
  });
  return pause === -1 ? packets.length : pause;
}

function toGrid(samples: number): number {
  return Math.round(samples / MIN_FRAME_SAMPLES) * MIN_FRAME_SAMPLES;
}

function ms(milliseconds: number): number {
  return (milliseconds * SAMPLES_PER_SECOND) / 1_000;
}
