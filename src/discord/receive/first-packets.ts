import { sequenceDistance, type WaitingPacket } from "./waiting-room.ts";

/** Less than reordering holds a stream's first packets anyway, and longer than packets of one moment lie apart. */
const HOLD_MS = 100;
/** A forged SSRC never gets here, because it fails authentication. */
const MAX_SSRCS = 1_024;
/** 100 ms of the shortest Opus frames: who sends more has it opened at once. */
const MAX_HELD = 40;

/** What an SSRC sends under one key. */
interface Run {
  /** Of what is known of keys: see `admit`. */
  keys: number;
  /** The packet that was sent last, of those that came. */
  newest: WaitingPacket;
  newestNonce: number;
  untilMs: number;
  /** Undefined once they were let go. */
  held: WaitingPacket[] | undefined;
}

/**
 * Lets a speaker's first packets under a new key pass in the order of sending, a moment later. davey, like Discord's own
 * library, notes which nonces it has skipped, but none from before the first it sees under a key: what was overtaken by
 * that one is refused for good. Every other packet passes at once.
 *
 * A sender counts nonces from the beginning under each key, so the packet that was sent later and has the smaller nonce
 * shows that the key has changed, whenever that is: our own keys change at opcode 29, senders change at opcode 22, and
 * each of them at another moment.
 */
export class FirstPackets {
  readonly #runs = new Map<number, Run>();

  /**
   * @param nonce of the encrypted frame
   * @param keys a number that grows with each change of keys that we learn of: packets after it may be under a new key
   *   even if their nonces do not show it
   * @returns what is to be opened now, in this order
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

  /** What has been held long enough at `nowMs`, each SSRC's in the order of sending. */
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
