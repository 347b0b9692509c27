/**
 * Counts the bytes that wait in memory for a disk, and says when there are too many. A disk that is slow or does not
 * answer must not cost the process its memory.
 */
export class WriteBacklog {
  readonly #maxBytes: number;
  readonly #shared: WriteBacklog | undefined;
  #bytes = 0;

  /** @param shared what several files may have together; each of their bytes counts there too */
  constructor(maxBytes: number, shared?: WriteBacklog) {
    this.#maxBytes = maxBytes;
    this.#shared = shared;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns whether there was room; otherwise nothing was counted */
  add(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    if (this.#shared !== undefined && !this.#shared.add(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** The disk has them, or they were given up. */
  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#shared?.remove(bytes);
  }
}
