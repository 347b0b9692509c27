/** How many of an SSRC's former owners are remembered. */
const MAX_FORMER = 3;

/**
 * Maps SSRCs to speakers on one voice connection. A stale entry would attribute words to another person, so a new
 * connection gets a new map.
 */
export class SsrcOwners {
  readonly #owners = new Map<number, string>();
  readonly #former = new Map<number, readonly string[]>();

  /** The speaker of an SSRC, if somebody claimed it. */
  ownerOf(ssrc: number): string | undefined {
    return this.#owners.get(ssrc);
  }

  /** The last few speakers that had the SSRC before its owner, the latest first. */
  formerOwnersOf(ssrc: number): readonly string[] {
    return this.#former.get(ssrc) ?? [];
  }

  /** Remembers a speaker that the voice gateway named (Speaking) or that a key has proved. */
  claim(ssrc: number, userId: string): void {
    const owner = this.#owners.get(ssrc);
    if (owner === userId) return;
    this.#owners.set(ssrc, userId);
    if (owner === undefined) return;
    const others = this.formerOwnersOf(ssrc).filter((former) => former !== userId && former !== owner);
    this.#former.set(ssrc, [owner, ...others].slice(0, MAX_FORMER));
  }
}
