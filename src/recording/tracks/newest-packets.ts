/**
 * The newest packet of each speaker that was accepted, for somebody who shows how loud they are. A packet costs no more
 * than a reference: what is never looked at is never decoded.
 */
export class NewestPackets {
  #packets = new Map<string, Buffer>();

  /** @param opus an Opus packet that carries sound; not copied */
  keep(userId: string, opus: Buffer): void {
    this.#packets.set(userId, opus);
  }

  /** They are not to be recorded any more. */
  forget(userId: string): void {
    this.#packets.delete(userId);
  }

  forgetAll(): void {
    this.#packets.clear();
  }

  /** @returns those of everybody, by user id, of whom one came since the last call */
  take(): ReadonlyMap<string, Buffer> {
    const taken = this.#packets;
    this.#packets = new Map();
    return taken;
  }
}
