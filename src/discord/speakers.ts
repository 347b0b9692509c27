import type { RtpHeader } from "../audio/rtp.ts";

/** A packet whose speaker is not known yet, or whose key is not there yet. */
export interface WaitingPacket {
  readonly header: RtpHeader;
  readonly payload: Buffer;
  readonly arrivalMs: number;
}

/** How long a packet waits for its speaker or its key. Discord announces a speaker within some 100 ms. */
const MAX_WAIT_MS = 2_000;
/** Packets that wait for one SSRC, and SSRCs that have some waiting: 2 s of 20 ms packets for a full channel. */
const MAX_WAITING_EACH = 128;
const MAX_WAITING_SSRCS = 128;

/**
 * Who speaks on which SSRC, on one voice connection, and the packets that wait to be attributed. A stale entry would
 * put words into another person's mouth, so a new connection gets a new map.
 */
export class Speakers {
  readonly #owners = new Map<number, string>();
  readonly #waiting = new Map<number, WaitingPacket[]>();

  /** The speaker of an SSRC, where somebody claimed it. */
  ownerOf(ssrc: number): string | undefined {
    return this.#owners.get(ssrc);
  }

  /** Notes what the voice gateway says (Speaking), or what a key has proved. */
  claim(ssrc: number, userId: string): void {
    this.#owners.set(ssrc, userId);
  }

  /** Keeps a packet; the oldest one is given back where there is no room. */
  wait(packet: WaitingPacket): WaitingPacket | undefined {
    const { ssrc } = packet.header;
    let queue = this.#waiting.get(ssrc);
    if (queue === undefined) {
      if (this.#waiting.size >= MAX_WAITING_SSRCS) return packet;
      queue = [];
      this.#waiting.set(ssrc, queue);
    }
    queue.push(packet);
    return queue.length > MAX_WAITING_EACH ? queue.shift() : undefined;
  }

  waitingSsrcs(): number[] {
    return [...this.#waiting.keys()];
  }

  /** Takes out what waits for an SSRC, in the order of sending: see FirstPackets for why. */
  takeWaiting(ssrc: number): WaitingPacket[] {
    const packets = this.#waiting.get(ssrc) ?? [];
    this.#waiting.delete(ssrc);
    return packets.sort((left, right) => sequenceDistance(right, left));
  }

  /** Takes out what has waited too long. */
  takeExpired(nowMs: number): WaitingPacket[] {
    const expired: WaitingPacket[] = [];
    for (const [ssrc, packets] of this.#waiting) {
      const firstYoung = packets.findIndex((packet) => nowMs - packet.arrivalMs < MAX_WAIT_MS);
      const old = firstYoung === -1 ? packets.length : firstYoung;
      expired.push(...packets.splice(0, old));
      if (packets.length === 0) this.#waiting.delete(ssrc);
    }
    return expired;
  }
}

/** How far a packet is ahead of another, by 16-bit sequence numbers (RFC 3550 §5.1); negative where it is behind. */
export function sequenceDistance(from: WaitingPacket, to: WaitingPacket): number {
  return ((to.header.sequence - from.header.sequence) << 16) >> 16;
}
