/**
 * The newest accepted packet of each speaker, for a display of their levels. A packet costs only a reference, and is
 * decoded only if it is displayed.
 */
export class NewestPackets {
  #packets = new Map<string, Buffer>();

  /** @param opus an Opus packet that carries sound; not copied */
  keep(userId: string, opus: Buffer): void {
    this.#packets.set(userId, opus);
  }

  /** Call when this speaker must not be recorded any more. */
  forget(userId: string): void {
    this.#packets.delete(userId);
  }

  forgetAll(): void {
    this.#packets.clear();
  }

  /** @returns the packets by user id, for each speaker who sent one since the last call */
  take(): ReadonlyMap<string, Buffer> {
    const taken = this.#packets;
    this.#packets = new Map();
    return taken;
  }
}
