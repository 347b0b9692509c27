/**
 * Who speaks on which SSRC, on one voice connection. A stale entry would put words into another person's mouth, so a new
 * connection gets a new map.
 */
export class SsrcOwners {
  readonly #owners = new Map<number, string>();

  /** The speaker of an SSRC, if somebody claimed it. */
  ownerOf(ssrc: number): string | undefined {
    return this.#owners.get(ssrc);
  }

  /** Notes what the voice gateway says (Speaking), or what a key has proved. */
  claim(ssrc: number, userId: string): void {
    this.#owners.set(ssrc, userId);
  }
}
