import { sequenceDistance, type WaitingPacket } from "./waiting-room.ts";

/** Shorter than the reordering of a stream's first packets, and longer than the spread of packets sent together. */
const HOLD_MS = 100;
/** A forged SSRC never gets here, because it fails authentication. */
const MAX_SSRCS = 1_024;
/** 100 ms of the shortest Opus frames; more packets are opened at once. */
const MAX_HELD = 40;

/** The packets of an SSRC under one key. */
interface Run {
  /** The number of the keys: see `admit`. */
  keys: number;
  /** The received packet that was sent last. */
  newest: WaitingPacket;
  newestNonce: number;
  untilMs: number;
  /** Undefined once they were released. */
  held: WaitingPacket[] | undefined;
}

/**
 * Passes a speaker's first packets under a new key in sending order, a moment later. davey, like Discord's own library,
 * remembers skipped nonces, but none from before the first one it sees under a key. A packet that was overtaken by that
 * one would be refused for good. All other packets pass at once.
 *
 * A sender restarts its nonces under each key, so a later packet with a smaller nonce shows a new key. That may happen
 * at any time: our own keys change at opcode 29, and each sender changes at opcode 22, at a different moment.
 */
export class FirstPackets {
  readonly #runs = new Map<number, Run>();

  /**
   * @param nonce of the encrypted frame
   * @param keys a number that grows with each change of keys; packets after it may be under a new key
   *   even if their nonces do not show it
   * @returns the packets to open now, in this order
   */
  admit(packet: WaitingPacket, nonce: number, keys: number): readonly WaitingPacket[] {
    const { ssrc } = packet.header;
    const run = this.#runs.get(ssrc);
    if (run === undefined) {
      if (this.#runs.size >= MAX_SSRCS) return [packet];
      const untilMs = packet.arrivalMs + HOLD_MS;
      this.#runs.set(ssrc, { keys, newest: packet, newestNonce: nonce, untilMs, held: [packet] });
      return [];
    }
    const isNewest = sequenceDistance(run.newest, packet) > 0;
    const isNewKey = isNewest && nonce <= run.newestNonce;
    if (isNewest) {
      run.newest = packet;
      run.newestNonce = nonce;
    }
    if (isNewKey || keys !== run.keys) {
      run.keys = keys;
      run.untilMs = packet.arrivalMs + HOLD_MS;
      run.held ??= [];
    }
    if (run.held === undefined) return [packet];
    run.held.push(packet);
    return packet.arrivalMs >= run.untilMs || run.held.length > MAX_HELD ? letGo(run) : [];
  }

  /** Returns the packets that were held long enough at `nowMs`, each SSRC's in sending order. */
  takeDue(nowMs: number): readonly WaitingPacket[] {
    const due: WaitingPacket[] = [];
    for (const run of this.#runs.values()) {
      if (nowMs >= run.untilMs) due.push(...letGo(run));
    }
    return due;
  }
}

function letGo(run: Run): WaitingPacket[] {
  const packets = run.held ?? [];
  run.held = undefined;
  return packets.sort((left, right) => sequenceDistance(right, left));
}
