/** How many of an SSRC's former owners are remembered. */
const MAX_FORMER = 3;
/** A packet that follows a sender's last one by no more than this continues it: 5 s of packets of 20 ms. */
const CONTINUATION_PACKETS = 256;

/** Somebody who sends under an SSRC. */
interface Owner {
  readonly userId: string;
  /** The sequence number of the last packet that their key opened. */
  sequence: number | undefined;
}

/**
 * Maps SSRCs to speakers on one voice connection. A stale entry would attribute words to another person, so a new
 * connection gets a new map.
 */
export class SsrcOwners {
  readonly #owners = new Map<number, Owner>();
  readonly #former = new Map<number, readonly Owner[]>();
  readonly #announced = new Map<number, Owner>();

  /** The speaker of an SSRC, if somebody claimed it. */
  ownerOf(ssrc: number): string | undefined {
    return this.#owners.get(ssrc)?.userId;
  }

  /**
   * The last few speakers that had the SSRC before its owner, the latest first. The one that the voice gateway named is
   * always among them, however many others send under it.
   */
  formerOwnersOf(ssrc: number): readonly string[] {
    return (this.#former.get(ssrc) ?? []).map(({ userId }) => userId);
  }

  /** Whether several people sent under the SSRC, one after the other or at the same time. */
  isShared(ssrc: number): boolean {
    return this.#former.has(ssrc);
  }

  /** Remembers a speaker that the voice gateway named (Speaking). */
  announce(ssrc: number, userId: string): void {
    this.#announced.set(ssrc, this.#claim(ssrc, userId));
  }

  /** Remembers a speaker whose key opened a packet of the SSRC. */
  prove(ssrc: number, userId: string): void {
    this.#claim(ssrc, userId);
  }

  /** Remembers the last packet that a sender's key opened. */
  noteOpened(ssrc: number, userId: string, sequence: number): void {
    const owner = this.#owners.get(ssrc);
    const sender =
      owner?.userId === userId ? owner : this.#former.get(ssrc)?.find((former) => former.userId === userId);
    if (sender !== undefined) sender.sequence = sequence;
  }

  /** The one of several senders whose packets this one follows. Silence has no key that proves its sender. */
  continuedBy(ssrc: number, sequence: number): string | undefined {
    let nearest: string | undefined;
    let fewestPackets = CONTINUATION_PACKETS + 1;
    for (const sender of this.#sendersOf(ssrc)) {
      const packets = (sequence - (sender.sequence ?? sequence)) & 0xffff;
      if (packets === 0 || packets >= fewestPackets) continue;
      nearest = sender.userId;
      fewestPackets = packets;
    }
    return nearest;
  }

  /** Nobody if there is only one. */
  #sendersOf(ssrc: number): readonly Owner[] {
    const [owner, former] = [this.#owners.get(ssrc), this.#former.get(ssrc)];
    return owner === undefined || former === undefined ? [] : [owner, ...former];
  }

  #claim(ssrc: number, userId: string): Owner {
    const owner = this.#owners.get(ssrc);
    if (owner?.userId === userId) return owner;
    const former = this.#former.get(ssrc) ?? [];
    const claimant = former.find((one) => one.userId === userId) ?? { userId, sequence: undefined };
    this.#owners.set(ssrc, claimant);
    if (owner === undefined) return claimant;
    const remembered = [owner, ...former.filter((one) => one !== claimant)].slice(0, MAX_FORMER);
    const announced = this.#announced.get(ssrc);
    const isForgotten = announced !== undefined && announced !== claimant && !remembered.includes(announced);
    this.#former.set(ssrc, isForgotten ? [...remembered, announced] : remembered);
    return claimant;
  }
}
