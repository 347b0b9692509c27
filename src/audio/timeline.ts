import { MIN_FRAME_SAMPLES, SAMPLES_PER_SECOND } from "./opus-packet.ts";
import { TransitWindow } from "./transit.ts";
import { Unwrapper } from "./unwrap.ts";

/** What placing needs to know of a packet. */
export interface TimedPacket {
  /** RTP timestamp, 32 bits at 48 kHz. */
  readonly rtpTimestamp: number;
  readonly durationSamples: number;
}

/** How a packet came, which placing needs to know too. */
export interface Arrival {
  /** When it arrived, in samples of the session clock. */
  readonly arrivalSamples: number;
  /** Packets missing between this one and the one before, by their sequence numbers. */
  readonly lostBefore: number;
}

/** Why the relation between a speaker's RTP clock and the session clock was set anew. */
export type AnchorReason =
  /** First packet of this SSRC on this connection. */
  | "first"
  /** The speaker's clock runs a little fast or slow; taken up in silence. */
  | "clock_skew"
  /** The speaker's RTP clock stopped in silence, or jumped. */
  | "clock_jump";

export interface Anchor {
  readonly reason: AnchorReason;
  /** Session position from which the new relation holds. */
  readonly positionSamples: number;
  /** How much later (or, negative, earlier) this is than the RTP clock alone would have said; 0 for the first. */
  readonly shiftSamples: number;
}

/**
 * Takes a packet that has its place.
 *
 * @param positionSamples session position of the packet's first sample
 * @param lostBefore as it was given with the packet
 * @param anchor where the packet begins a new relation between the clocks
 */
export type TakePlaced<T> = (
  packet: T,
  positionSamples: number,
  lostBefore: number,
  anchor: Anchor | undefined,
) => void;

interface Undecided<T> extends Arrival {
  readonly packet: T;
  /** Unwrapped. */
  readonly timestamp: number;
}

/**
 * A pause this long, in RTP time or in arrival time, beyond what was lost in it, ends a talkspurt: only here may a place
 * be corrected.
 */
const TALKSPURT_GAP_SAMPLES = ms(200);
/** How long the first packets after a doubtful pause are collected before their place is decided. */
const DECISION_SAMPLES = ms(200);
/** A transit this much above the smallest one seen lately is jitter, and no reason to doubt the RTP clock. */
const LATE_TOLERANCE_SAMPLES = ms(60);
/**
 * A talkspurt that comes later than its RTP time by no more than this, after a pause in RTP time itself, was held up: by a
 * stalled network, a full queue, a busy machine. A clock that stands still in silence shows no pause. Where it is a clock
 * all the same, one that stood still for a part of the pause, the transit window says so 30 s later, and it is corrected
 * then.
 */
const LONGEST_STALL_SAMPLES = ms(5_000);
/** Nothing arrives before it was sent: a transit this much below the smallest one means that the clock moved. */
const EARLY_TOLERANCE_SAMPLES = ms(15);
/**
 * Skew below this stays uncorrected, so that an exact RTP clock is followed exactly although the smallest transit
 * wobbles. With the 3 ms by which the transit window lags at 100 ppm it stays below one 20 ms packet.
 */
const SKEW_TOLERANCE_SAMPLES = ms(12);

/**
 * Gives each packet of one SSRC its place on the session clock.
 *
 * Inside a talkspurt the RTP timestamp alone decides. At the start of one, the RTP clock's prediction is compared
 * with arrival: position = RTP timestamp + offset, and the offset that arrival suggests is the smallest transit
 * (arrival - RTP timestamp) seen lately, because delays only ever add. Where the two agree, the prediction stands;
 * where they differ by a little, that is clock skew. Where they differ by a lot it matters what RTP time says of the pause:
 * if it has the pause too, the clock ran on, and what is late was held up. Otherwise the packets of the next 200 ms are
 * collected first, because one packet cannot tell a stalled network from a clock that stood still. Where RTP time shows
 * no pause at all, only a clock that stood still for all of it moves what follows: anything less would cut speech.
 *
 * Packets must come in the order in which they were sent. Pure: time comes in with the packets. They are handed on by a call,
 * for the reason that `ReorderBuffer` gives.
 */
export class Timeline<T extends TimedPacket> {
  readonly #timestamps = new Unwrapper(32);
  readonly #transits = new TransitWindow();
  readonly #take: TakePlaced<T>;
  /** Session position = unwrapped RTP timestamp + offset. */
  #offset: number | undefined;
  #end: { timestamp: number; positionSamples: number; arrivalSamples: number; transitSamples: number } | undefined;
  /** Packets of a talkspurt whose place is not decided yet. */
  #undecided: Undecided<T>[] = [];

  /** @param take is given the packets and their places, while `push`, `poll` or `flush` run */
  constructor(take: TakePlaced<T>) {
    this.#take = take;
  }

  /** Packets whose place is not decided yet. */
  get depth(): number {
    return this.#undecided.length;
  }

  push(packet: T, arrivalSamples: number, lostBefore: number): void {
    const timestamp = this.#timestamps.unwrap(packet.rtpTimestamp);
    this.#timestamps.setReference(timestamp);
    // What is due is decided without what came after: that may belong to another talkspurt.
    this.poll(arrivalSamples);
    if (this.#undecided.length > 0) this.#undecided.push({ packet, timestamp, arrivalSamples, lostBefore });
    else this.#placeOrWait(packet, timestamp, arrivalSamples, lostBefore);
  }

  /** Decides about a talkspurt that began `DECISION_SAMPLES` before `nowSamples` or earlier. */
  poll(nowSamples: number): void {
    const first = this.#undecided[0];
    if (first !== undefined && nowSamples - first.arrivalSamples >= DECISION_SAMPLES) this.#decide();
  }

  /** Places whatever is still undecided: nothing more will come. */
  flush(): void {
    while (this.#undecided.length > 0) this.#decide();
  }

  #placeOrWait(packet: T, timestamp: number, arrivalSamples: number, lostBefore: number): void {
    const transit = arrivalSamples - timestamp;
    if (this.#offset === undefined || this.#end === undefined) {
      this.#undecided.push({ packet, timestamp, arrivalSamples, lostBefore });
      return;
    }
    const pause = this.#pauseBefore(packet.durationSamples, timestamp, arrivalSamples, lostBefore);
    if (pause === "none") {
      this.#transits.add(arrivalSamples, transit);
      this.#place(packet, timestamp, arrivalSamples, lostBefore, undefined);
      return;
    }
    const smallest = this.#transits.smallest(arrivalSamples);
    const latest = pause === "rtp" ? LONGEST_STALL_SAMPLES : LATE_TOLERANCE_SAMPLES;
    if (smallest === undefined || !isPlausible(transit - smallest, latest)) {
      this.#undecided.push({ packet, timestamp, arrivalSamples, lostBefore });
      return;
    }
    this.#transits.add(arrivalSamples, transit);
    if (pause === "arrival") this.#place(packet, timestamp, arrivalSamples, lostBefore, undefined);
    else this.#placeFollowing({ packet, timestamp, arrivalSamples, lostBefore }, Math.min(smallest, transit));
  }

  /** Whether RTP time shows a pause before the packet, runs backwards, or the time of arrival alone shows a pause. */
  #pauseBefore(
    durationSamples: number,
    timestamp: number,
    arrivalSamples: number,
    lostBefore: number,
  ): "rtp" | "backwards" | "arrival" | "none" {
    const end = this.#end;
    if (end === undefined) return "rtp";
    const lostSamples = lostBefore * durationSamples;
    const rtpGap = timestamp - end.timestamp;
    if (rtpGap - lostSamples >= TALKSPURT_GAP_SAMPLES) return "rtp";
    if (rtpGap <= -TALKSPURT_GAP_SAMPLES) return "backwards";
    const arrivalGap = arrivalSamples - end.arrivalSamples;
    return arrivalGap - lostSamples >= TALKSPURT_GAP_SAMPLES ? "arrival" : "none";
  }

  /** Places a talkspurt's first packet by the RTP clock, after taking up skew. */
  #placeFollowing(first: Undecided<T>, transit: number): void {
    const skewed = Math.abs(transit - (this.#offset ?? transit)) > SKEW_TOLERANCE_SAMPLES;
    if (skewed) this.#reanchor(first, transit);
    else this.#placeUndecided(first);
  }

  /** Decides the place of the collected packets' first talkspurt; what follows it is judged on its own. */
  #decide(): void {
    const collected = this.#undecided;
    this.#undecided = [];
    const [first] = collected;
    if (first === undefined) return;
    const spurtLength = talkspurtLength(collected);
    const spurt = collected.slice(0, spurtLength);
    const smallestHere = Math.min(...spurt.map(({ arrivalSamples, timestamp }) => arrivalSamples - timestamp));
    const smallestLately = this.#transits.smallest(first.arrivalSamples);

    if (!this.#mayMove(spurt, smallestHere - (smallestLately ?? this.#offset ?? smallestHere))) {
      this.#placeUndecided(first);
    } else if (smallestLately !== undefined && isPlausible(smallestHere - smallestLately, LATE_TOLERANCE_SAMPLES)) {
      this.#placeFollowing(first, Math.min(smallestHere, smallestLately));
    } else if (this.#offset !== undefined && Math.abs(smallestHere - this.#offset) <= SKEW_TOLERANCE_SAMPLES) {
      this.#placeUndecided(first);
    } else {
      this.#transits.clear();
      this.#reanchor(first, smallestHere);
    }
    for (const { arrivalSamples, timestamp } of spurt) this.#transits.add(arrivalSamples, arrivalSamples - timestamp);
    for (const following of spurt.slice(1)) this.#placeUndecided(following);
    this.#resume(collected.slice(spurtLength));
  }

  /**
   * Whether a talkspurt's place may differ from the RTP clock's word. Where RTP time shows no pause, it may after a clock
   * that stood still: that raises the smallest transit by all that the first packet's rose, and packets come at the pace
   * of their timestamps. What a stall held back comes faster, and makes up for it packet by packet.
   */
  #mayMove(spurt: readonly Undecided<T>[], excessTransit: number): boolean {
    const [first, last] = [spurt[0], spurt.at(-1)];
    if (this.#end === undefined || first === undefined || last === undefined) return true;
    const { packet, timestamp, arrivalSamples, lostBefore } = first;
    const pause = this.#pauseBefore(packet.durationSamples, timestamp, arrivalSamples, lostBefore);
    if (pause === "rtp" || pause === "backwards") return true;
    const risenSamples = arrivalSamples - timestamp - this.#end.transitSamples;
    const arrivalSpan = last.arrivalSamples - arrivalSamples;
    const isPaced = spurt.length > 1 && 2 * arrivalSpan >= last.timestamp - timestamp;
    return isPaced && excessTransit > LATE_TOLERANCE_SAMPLES && excessTransit >= risenSamples - LATE_TOLERANCE_SAMPLES;
  }

  #reasonFor(transit: number): AnchorReason {
    if (this.#offset === undefined) return "first";
    return Math.abs(transit - this.#offset) <= LATE_TOLERANCE_SAMPLES ? "clock_skew" : "clock_jump";
  }

  #resume(rest: readonly Undecided<T>[]): void {
    for (const next of rest) {
      if (this.#undecided.length > 0) this.#undecided.push(next);
      else this.#placeOrWait(next.packet, next.timestamp, next.arrivalSamples, next.lostBefore);
    }
  }

  #reanchor({ packet, timestamp, arrivalSamples, lostBefore }: Undecided<T>, transit: number): void {
    const predicted = this.#offset === undefined ? undefined : timestamp + this.#offset;
    // Never over what is already placed, never before the session, and on the grid of the shortest Opus frame,
    // because a pause can only be filled with whole frames.
    const earliest = Math.max(this.#end?.positionSamples ?? 0, 0);
    const positionSamples = Math.max(
      toGrid(timestamp + transit),
      Math.ceil(earliest / MIN_FRAME_SAMPLES) * MIN_FRAME_SAMPLES,
    );
    const reason = this.#reasonFor(transit);
    this.#offset = positionSamples - timestamp;
    const shiftSamples = predicted === undefined ? 0 : positionSamples - predicted;
    this.#place(packet, timestamp, arrivalSamples, lostBefore, { reason, positionSamples, shiftSamples });
  }

  #placeUndecided({ packet, timestamp, arrivalSamples, lostBefore }: Undecided<T>): void {
    this.#place(packet, timestamp, arrivalSamples, lostBefore, undefined);
  }

  #place(packet: T, timestamp: number, arrivalSamples: number, lostBefore: number, anchor: Anchor | undefined): void {
    // A timestamp may run backwards inside a talkspurt, but not to before the session.
    const positionSamples = Math.max(0, timestamp + (this.#offset ?? 0));
    this.#end ??= { timestamp: 0, positionSamples: 0, arrivalSamples: 0, transitSamples: 0 };
    this.#end.timestamp = timestamp + packet.durationSamples;
    this.#end.positionSamples = positionSamples + packet.durationSamples;
    this.#end.arrivalSamples = arrivalSamples;
    this.#end.transitSamples = arrivalSamples - timestamp;
    this.#take(packet, positionSamples, lostBefore, anchor);
  }
}

function isPlausible(excessTransit: number, latest: number): boolean {
  return excessTransit <= latest && excessTransit >= -EARLY_TOLERANCE_SAMPLES;
}

/** How many of these packets continue each other in RTP time without a talkspurt's pause between them. */
function talkspurtLength(packets: readonly Undecided<TimedPacket>[]): number {
  let end: number | undefined;
  for (const [index, { packet, timestamp }] of packets.entries()) {
    if (end !== undefined && Math.abs(timestamp - end) >= TALKSPURT_GAP_SAMPLES) return index;
    end = timestamp + packet.durationSamples;
  }
  return packets.length;
}

function toGrid(samples: number): number {
  return Math.round(samples / MIN_FRAME_SAMPLES) * MIN_FRAME_SAMPLES;
}

function ms(milliseconds: number): number {
  return (milliseconds * SAMPLES_PER_SECOND) / 1_000;
}
