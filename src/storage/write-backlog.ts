/**
 * Counts the bytes that wait in memory for a disk, and limits them. A slow or stuck disk must not exhaust the process's
 * memory.
 */
export class WriteBacklog {
  readonly #maxBytes: number;
  readonly #shared: WriteBacklog | undefined;
  #bytes = 0;

  /** @param shared the common limit of several files; each byte also counts there */
  constructor(maxBytes: number, shared?: WriteBacklog) {
    this.#maxBytes = maxBytes;
    this.#shared = shared;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns whether there was space; otherwise nothing was counted */
  add(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    if (this.#shared !== undefined && !this.#shared.add(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Call when the bytes are on disk or were given up. */
  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#shared?.remove(bytes);
  }
}
