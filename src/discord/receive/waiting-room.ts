import { isSilencePacket } from "../../audio/opus-packet.ts";
import type { RtpHeader } from "../../audio/rtp.ts";
import { TRANSITION_MS } from "../dave/dave-phase.ts";

/** A packet whose speaker or key is not known yet. */
export interface WaitingPacket {
  readonly header: RtpHeader;
  readonly payload: Buffer;
  readonly arrivalMs: number;
}

/**
 * How long a packet waits for its speaker or its key. A change of keys may take as long as a transition; Discord
 * announces a speaker within about 100 ms.
 */
const MAX_WAIT_MS = TRANSITION_MS;
/** The most waiting packets of one SSRC: 10 s of packets of 10 ms. */
const MAX_WAITING_EACH = 1_024;
const MAX_WAITING_SSRCS = 128;
/** The most waiting packets in total: 10 s of 32 people who speak at once in packets of 20 ms, about 10 MB. */
const MAX_WAITING = 16_384;

/** The waiting packets of one SSRC, in sending order. */
export interface Queue {
  readonly packets: readonly WaitingPacket[];
  /** How many of them, counted from the first, were tried since keys, speakers or members last changed. */
  readonly tried: number;
}

const EMPTY: Queue = { packets: [], tried: 0 };

/** Packets that wait to be attributed or opened, per SSRC in sending order. FirstPackets explains why. */
export class WaitingRoom {
  readonly #queues = new Map<number, { packets: WaitingPacket[]; tried: number }>();
  #count = 0;

  has(ssrc: number): boolean {
    return this.#queues.has(ssrc);
  }

  /**
   * Keeps a packet.
   *
   * @param isTried whether it was tried with the current keys
   * @returns the packet that had to make room, if any
   */
  add(packet: WaitingPacket, isTried: boolean): WaitingPacket | undefined {
    const { ssrc } = packet.header;
    let queue = this.#queues.get(ssrc);
    if (queue === undefined) {
      if (this.#queues.size >= MAX_WAITING_SSRCS) return packet;
      queue = { packets: [], tried: 0 };
      this.#queues.set(ssrc, queue);
    }
    const place = placeOf(packet, queue.packets);
    queue.packets.splice(place, 0, packet);
    this.#count += 1;
    if (isTried && place <= queue.tried) queue.tried += 1;
    else queue.tried = Math.min(queue.tried, place);
    if (queue.packets.length > MAX_WAITING_EACH) return this.#takeFirst(ssrc, 1)[0];
    return this.#count > MAX_WAITING ? this.#takeFirst(this.#longest(), 1)[0] : undefined;
  }

  /** Call when keys or members have changed: all packets count as untried. */
  markUntried(): void {
    for (const queue of this.#queues.values()) queue.tried = 0;
  }

  /** Marks the packets of this SSRC as untried. */
  markSsrcUntried(ssrc: number): void {
    const queue = this.#queues.get(ssrc);
    if (queue !== undefined) queue.tried = 0;
  }

  /** Whether all waiting packets of this SSRC were tried with the current keys. */
  isTried(ssrc: number): boolean {
    const queue = this.#queues.get(ssrc);
    return queue === undefined || queue.tried === queue.packets.length;
  }

  /** SSRCs with packets that were not tried with the current keys. */
  untriedSsrcs(): number[] {
    return [...this.#queues].filter(([, { packets, tried }]) => tried < packets.length).map(([ssrc]) => ssrc);
  }

  /** Takes out the packets of an SSRC. */
  take(ssrc: number): Queue {
    const queue = this.#queues.get(ssrc) ?? EMPTY;
    this.#queues.delete(ssrc);
    this.#count -= queue.packets.length;
    return queue;
  }

  /** Puts back the rest of a queue that was taken out. */
  putBack(ssrc: number, { packets, tried }: Queue): void {
    if (packets.length === 0) return;
    this.#queues.set(ssrc, { packets: [...packets], tried });
    this.#count += packets.length;
  }

  /** Takes out the packets that were sent before one of the same SSRC. */
  takeBefore(packet: WaitingPacket): readonly WaitingPacket[] {
    const { ssrc } = packet.header;
    return this.#takeFirst(ssrc, placeOf(packet, this.#queues.get(ssrc)?.packets ?? []));
  }

  /**
   * Takes out packets that have waited too long, those sent before them, and comfort silence that only waits for its
   * turn.
   */
  takeExpired(nowMs: number): WaitingPacket[] {
    return [...this.#queues].flatMap(([ssrc, { packets }]) => {
      const count = packets.findLastIndex(({ arrivalMs }) => nowMs - arrivalMs >= MAX_WAIT_MS) + 1;
      if (count === 0) return [];
      const behind = packets.slice(count).findIndex((packet) => !isSoundless(packet));
      return this.#takeFirst(ssrc, behind === -1 ? packets.length : count + behind);
    });
  }

  #takeFirst(ssrc: number, count: number): readonly WaitingPacket[] {
    const queue = this.#queues.get(ssrc);
    if (queue === undefined) return [];
    const taken = queue.packets.splice(0, count);
    if (queue.packets.length === 0) this.#queues.delete(ssrc);
    queue.tried = Math.max(0, queue.tried - count);
    this.#count -= taken.length;
    return taken;
  }

  /** The SSRC with the most waiting packets gives one up. */
  #longest(): number {
    let longest = { ssrc: 0, length: 0 };
    for (const [ssrc, { packets }] of this.#queues) {
      if (packets.length > longest.length) longest = { ssrc, length: packets.length };
    }
    return longest.ssrc;
  }
}

/** Bare padding and comfort silence need no key; they wait only for their turn. */
export function isSoundless({ payload }: WaitingPacket): boolean {
  return payload.length === 0 || isSilencePacket(payload);
}

/** The position of a packet in sending order. Usually it is the newest. */
function placeOf(packet: WaitingPacket, packets: readonly WaitingPacket[]): number {
  return packets.findLastIndex((before) => sequenceDistance(before, packet) >= 0) + 1;
}

/** How far a packet is ahead of another, by 16-bit sequence numbers (RFC 3550 §5.1); negative if it is behind. */
export function sequenceDistance(from: WaitingPacket, to: WaitingPacket): number {
  return ((to.header.sequence - from.header.sequence) << 16) >> 16;
}
