import { SAMPLES_PER_SECOND } from "./opus-packet.ts";
import { SeenSequences } from "./seen-sequences.ts";
import { Unwrapper } from "./unwrap.ts";

/** The fields of a packet that reordering needs. */
export interface SequencedPacket {
  /** RTP sequence number, 16 bits. */
  readonly sequence: number;
  /** RTP timestamp, 32 bits at 48 kHz. */
  readonly rtpTimestamp: number;
  /** Its arrival, in milliseconds of a monotonic clock. */
  readonly arrivalMs: number;
}

/**
 * Takes a packet whose turn it is.
 *
 * @param lostBefore packets missing between this one and the one before
 */
export type TakeOrdered<T> = (packet: T, lostBefore: number) => void;

/** `accepted` packets come out in their turn; others never come out. */
export type ReorderVerdict = "accepted" | "late" | "duplicate" | "replayed";

export interface ReorderOptions {
  /** How long a hole waits for its packet, in milliseconds of arrival time. */
  readonly holdMs: number;
}

/** Longer than any jitter buffer in the field waits (60 to 200 ms), short enough to be on disk within the second. */
export const DEFAULT_HOLD_MS = 250;
/** Most packets kept behind a gap: 82 s of 20 ms packets, more than a stall can deliver in `holdMs`. */
const MAX_HELD = 4_096;
/** Sequence numbers remembered behind the newest, to distinguish duplicates from late packets. */
const SEEN_WINDOW = 2_048;
/** A packet with a timestamp this far behind the newest was sent again, and is not just late. */
const REPLAY_AGE_SAMPLES = 10 * SAMPLES_PER_SECOND;
/** A sequence number this close to the expected one continues the stream, whatever its timestamp. */
const CONTINUATION_WINDOW = 256;

interface Held<T> {
  /** Unwrapped. */
  readonly sequence: number;
  readonly packet: T;
}

/**
 * Puts one SSRC's packets into sending order.
 *
 * An in-order packet passes at once. A hole stays open while the packets behind it are younger than `holdMs`; then it
 * is declared lost. The very first packets also wait `holdMs`, because the first to arrive may not be the first sent.
 *
 * Packets are passed on by function calls, not in lists. This runs for each packet of each speaker, and allocations
 * would cause garbage collection while people talk.
 */
export class ReorderBuffer<T extends SequencedPacket> {
  readonly #holdMs: number;
  readonly #take: TakeOrdered<T>;
  readonly #sequences = new Unwrapper(16);
  readonly #timestamps = new Unwrapper(32);
  /**
   * By sequence number. It is not a Map, because V8 links the outgrown and cleared tables of a Map to their successors.
   * Once one of them is in the old generation, all waiting packets get there too, which costs a collection of old
   * objects.
   */
  readonly #held: Held<T>[] = [];
  #oldestArrivalMs = Number.POSITIVE_INFINITY;
  readonly #seen = new SeenSequences(SEEN_WINDOW);
  /** The next unwrapped sequence number; undefined until the first packets were sorted. */
  #next: number | undefined;
  #highestSequence = Number.NEGATIVE_INFINITY;
  /** The span of unwrapped timestamps received so far. */
  #span: { first: number; newest: number } | undefined;

  /** @param take gets the packets in order, during `push`, `poll` and `flush` */
  constructor(options: ReorderOptions, take: TakeOrdered<T>) {
    this.#holdMs = options.holdMs;
    this.#take = take;
  }

  /** Packets waiting behind a hole. */
  get depth(): number {
    return this.#held.length;
  }

  /** Those packets, in sending order. */
  get held(): Iterable<T> {
    return this.#held.map(({ packet }) => packet);
  }

  /** Adds a packet, and passes on the packets whose turn has come. */
  push(packet: T): ReorderVerdict {
    const timestamp = this.#timestamps.unwrap(packet.rtpTimestamp);
    const sequence = this.#sequences.unwrap(packet.sequence);
    const verdict = this.#judge(sequence, timestamp);
    if (verdict === "restart") this.#restart();
    else if (verdict !== "accepted") return verdict;

    this.#note(sequence, timestamp);
    if (sequence === this.#next) {
      this.#next = sequence + 1;
      this.#take(packet, 0);
      if (this.#held.length > 0) this.#drain(sequence + 1);
    } else if (!this.#hold(sequence, packet)) {
      return "duplicate";
    }
    this.poll(packet.arrivalMs);
    return "accepted";
  }

  /** Gives up on holes that have waited long enough at `nowMs`. */
  poll(nowMs: number): void {
    while (this.#held.length > 0 && (this.#oldestArrivalMs + this.#holdMs <= nowMs || this.#held.length > MAX_HELD)) {
      this.#skipHole();
    }
  }

  /** Gives up on every hole. Call at the end. */
  flush(): void {
    while (this.#held.length > 0) this.#skipHole();
  }

  #judge(sequence: number, timestamp: number): ReorderVerdict | "restart" {
    if (this.#span === undefined) return "accepted";
    if (this.#seen.has(sequence)) return "duplicate";
    const awaited = this.#next ?? sequence;
    if (sequence >= awaited && sequence < awaited + CONTINUATION_WINDOW) return "accepted";
    // The timestamp is inside the received range, but old. davey refuses such packets, but DAVE version 0 has no such
    // check.
    if (timestamp >= this.#span.first && timestamp < this.#span.newest - REPLAY_AGE_SAMPLES) return "replayed";
    if (sequence >= awaited) return "accepted";
    // Too far behind to be late, and not an old packet: the sender restarted (RFC 3550 A.1, "restarted").
    return sequence < awaited - SEEN_WINDOW ? "restart" : "late";
  }

  #restart(): void {
    this.flush();
    this.#next = undefined;
    this.#highestSequence = Number.NEGATIVE_INFINITY;
    this.#span = undefined;
  }

  #note(sequence: number, timestamp: number): void {
    this.#seen.add(sequence);
    if (sequence > this.#highestSequence) {
      this.#highestSequence = sequence;
      this.#sequences.setReference(sequence);
    }
    this.#span ??= { first: timestamp, newest: Number.NEGATIVE_INFINITY };
    if (timestamp > this.#span.newest) {
      this.#span.newest = timestamp;
      this.#timestamps.setReference(timestamp);
    }
  }

  /** @returns whether it was new */
  #hold(sequence: number, packet: T): boolean {
    let index = this.#held.length;
    while (sequence < (this.#held[index - 1]?.sequence ?? sequence)) index -= 1;
    if (this.#held[index - 1]?.sequence === sequence) return false;
    this.#held.splice(index, 0, { sequence, packet });
    this.#oldestArrivalMs = Math.min(this.#oldestArrivalMs, packet.arrivalMs);
    return true;
  }

  /** Passes the packets whose turn has come. */
  #drain(from: number): void {
    let count = 0;
    while (this.#held[count]?.sequence === from + count) count += 1;
    if (count === 0) return; // behind the next hole: sorting waiting packets must not slow down in-order ones
    for (const { sequence, packet } of this.#release(count)) {
      this.#next = sequence + 1;
      this.#take(packet, 0);
    }
  }

  /** Declares everything before the lowest held packet lost, and passes on that packet and its successors. */
  #skipHole(): void {
    for (const { sequence, packet } of this.#release(1)) {
      const lostBefore = this.#next === undefined ? 0 : sequence - this.#next;
      this.#next = sequence + 1;
      this.#take(packet, lostBefore);
      this.#drain(sequence + 1);
    }
  }

  /** The packets with the lowest sequence numbers. */
  #release(count: number): readonly Held<T>[] {
    const released = this.#held.splice(0, count);
    this.#oldestArrivalMs = Number.POSITIVE_INFINITY;
    for (const { packet } of this.#held) this.#oldestArrivalMs = Math.min(this.#oldestArrivalMs, packet.arrivalMs);
    return released;
  }
}
