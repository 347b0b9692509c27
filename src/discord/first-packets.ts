import { sequenceDistance, type WaitingPacket } from "./speakers.ts";

/** Less than reordering holds a stream's first packets anyway, and longer than packets of one moment lie apart. */
const HOLD_MS = 100;
/** A forged SSRC never gets here, because it fails authentication. */
const MAX_SSRCS = 1_024;
/** 100 ms of the shortest Opus frames: who sends more has it opened at once. */
const MAX_HELD = 40;

interface Hold {
  readonly epoch: bigint | null;
  readonly untilMs: number;
  /** Undefined once they were let go. */
  packets: WaitingPacket[] | undefined;
}

/**
 * Lets a speaker's first packets under a new key pass in the order of sending, a moment later. davey notes which nonces
 * it has skipped, but none from before the first it sees under a key: what was overtaken by that one is refused for
 * good. Every other packet passes at once.
 */
export class FirstPackets {
  readonly #holds = new Map<number, Hold>();

  /** Whether packets of this SSRC pass at once: its first ones under these keys are through. */
  isThrough(ssrc: number, epoch: bigint | null): boolean {
    const hold = this.#holds.get(ssrc);
    return hold !== undefined && hold.packets === undefined && hold.epoch === epoch;
  }

  /**
   * @param epoch of the keys that are there now
   * @returns what is to be opened now, in this order
   */
  admit(packet: WaitingPacket, epoch: bigint | null): readonly WaitingPacket[] {
    const { ssrc } = packet.header;
    const hold = this.#holds.get(ssrc);
    if (hold?.epoch !== epoch) {
      if (this.#holds.size >= MAX_SSRCS && hold === undefined) return [packet];
      const packets = [...(hold?.packets ?? []), packet];
      this.#holds.set(ssrc, { epoch, untilMs: packet.arrivalMs + HOLD_MS, packets });
      return [];
    }
    if (hold.packets === undefined) return [packet];
    hold.packets.push(packet);
    return packet.arrivalMs >= hold.untilMs || hold.packets.length > MAX_HELD ? letGo(hold) : [];
  }

  /** What has been held long enough at `nowMs`, each SSRC's in the order of sending. */
  takeDue(nowMs: number): readonly WaitingPacket[] {
    const due: WaitingPacket[] = [];
    for (const hold of this.#holds.values()) {
      if (hold.packets !== undefined && nowMs >= hold.untilMs) due.push(...letGo(hold));
    }
    return due;
  }
}

function letGo(hold: Hold): WaitingPacket[] {
  const packets = hold.packets ?? [];
  hold.packets = undefined;
  return packets.sort((left, right) => sequenceDistance(right, left));
}
