/**
 * Maps SSRCs to speakers on one voice connection. A stale entry would attribute words to another person, so a new
 * connection gets a new map.
 */
export class SsrcOwners {
  readonly #owners = new Map<number, string>();

  /** The speaker of an SSRC, if somebody claimed it. */
  ownerOf(ssrc: number): string | undefined {
    return this.#owners.get(ssrc);
  }

  /** Remembers a speaker that the voice gateway named (Speaking) or that a key has proved. */
  claim(ssrc: number, userId: string): void {
    this.#owners.set(ssrc, userId);
  }
}
