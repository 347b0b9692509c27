import { sequenceDistance, type WaitingPacket } from "./waiting-room.ts";

/** Shorter than the reordering of a stream's first packets, and longer than the spread of packets sent together. */
const HOLD_MS = 100;
/** A forged SSRC never gets here, because it fails authentication. */
const MAX_SSRCS = 1_024;
/** 100 ms of 4,000 packets a second; more packets are opened at once. */
const MAX_HELD = 400;
const NOTHING: readonly WaitingPacket[] = [];

interface Held {
  readonly packet: WaitingPacket;
  readonly nonce: number;
}

/** The packets of an SSRC. */
interface Run {
  /** The number of the keys: see `admit`. */
  keys: number;
  /** The received packet that was sent last. */
  newest: WaitingPacket;
  newestNonce: number;
  /** Packets that arrive before this time are held. */
  untilMs: number;
  /** In order of arrival. */
  held: Held[];
}

/**
 * Passes a speaker's first packets under a new key in sending order, a moment later. davey, like Discord's own library,
 * remembers skipped nonces, but none from before the first one it sees under a key. A packet that was overtaken by that
 * one would be refused for good. All other packets pass at once.
 *
 * A sender restarts its nonces under each key, so a later packet with a smaller nonce shows a new key. That may happen
 * at any time: our own keys change at opcode 29, and each sender changes at opcode 22, at a different moment.
 *
 * Somebody else may send under the same SSRC, and who sent a packet is known only after it was opened. So no packet is
 * held for longer than the others because of what comes behind it, and the order is that of the nonces: each sender's
 * nonces grow under one key, whatever the sequence numbers of others are.
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
    const { header, arrivalMs } = packet;
    const run = this.#runs.get(header.ssrc);
    if (run === undefined) {
      if (this.#runs.size >= MAX_SSRCS) return [packet];
      const untilMs = arrivalMs + HOLD_MS;
      this.#runs.set(header.ssrc, { keys, newest: packet, newestNonce: nonce, untilMs, held: [{ packet, nonce }] });
      return NOTHING;
    }
    if (keys !== run.keys || mayBeNewKey(run, packet, nonce)) {
      run.keys = keys;
      run.untilMs = arrivalMs + HOLD_MS;
    }
    if (sequenceDistance(run.newest, packet) > 0) {
      run.newest = packet;
      run.newestNonce = nonce;
    }
    if (run.held.length === 0 && arrivalMs >= run.untilMs) return [packet];
    run.held.push({ packet, nonce });
    // A packet that arrives now, when there are too many, is not held again.
    if (run.held.length > MAX_HELD) run.untilMs = arrivalMs;
    return takeDue(run, arrivalMs);
  }

  /** Returns the packets that were held long enough at `nowMs`, each SSRC's in the order of their nonces. */
  takeDue(nowMs: number): readonly WaitingPacket[] {
    const due: WaitingPacket[] = [];
    for (const run of this.#runs.values()) due.push(...takeDue(run, nowMs));
    return due;
  }
}

/** Whether the packet shows a new key. A packet that was long on the way is as far behind in both numbers, or less. */
function mayBeNewKey({ newest, newestNonce }: Run, packet: WaitingPacket, nonce: number): boolean {
  if (nonce > newestNonce) return false;
  const packetsBehind = sequenceDistance(packet, newest);
  return packetsBehind <= 0 || newestNonce - nonce > packetsBehind;
}

/** The packets that were held for long enough, and those that must be opened before them. */
function takeDue(run: Run, nowMs: number): readonly WaitingPacket[] {
  const { held } = run;
  const [oldest] = held;
  if (oldest === undefined || (nowMs < run.untilMs && nowMs < oldest.packet.arrivalMs + HOLD_MS)) return NOTHING;
  const due = nowMs >= run.untilMs ? held : held.filter(({ packet }) => nowMs >= packet.arrivalMs + HOLD_MS);
  const taken =
    due === held ? held : held.filter((each) => due.includes(each) || due.some((other) => isBefore(each, other)));
  run.held = held.filter((each) => !taken.includes(each));
  return taken.toSorted((left, right) => left.nonce - right.nonce).map(({ packet }) => packet);
}

/** Whether the same sender may have sent one packet before the other under the same key. */
function isBefore(one: Held, other: Held): boolean {
  return one.nonce < other.nonce && sequenceDistance(one.packet, other.packet) > 0;
}
