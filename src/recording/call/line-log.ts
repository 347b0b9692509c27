import type { SpooledFile, SpoolWriter } from "../ports/spool.ts";

/** A file of JSON objects, one a line. Lines are buffered until `flush`, because each write costs a system call. */
export class LineLog<Line> {
  readonly #writer: SpoolWriter;
  readonly #onPending: () => void;
  #lines: number;
  #pending: string[] = [];

  /**
   * @param earlierLines how many lines the file already has
   * @param onPending called when a line waits for `flush` and none did before
   */
  constructor(writer: SpoolWriter, earlierLines = 0, onPending: () => void = () => undefined) {
    this.#writer = writer;
    this.#lines = earlierLines;
    this.#onPending = onPending;
  }

  get lines(): number {
    return this.#lines;
  }

  /** Why the file can never be complete; undefined while no error is known. */
  get failure(): unknown {
    return this.#writer.failure;
  }

  write(line: Line): void {
    this.#lines += 1;
    if (this.#pending.push(JSON.stringify(line), "\n") === 2) this.#onPending();
  }

  /** Writes the buffered lines. Call it soon after `onPending`, because a kill loses the buffer. */
  flush(): void {
    if (this.#pending.length === 0) return;
    this.#writer.append(Buffer.from(this.#pending.join(""), "utf8"));
    this.#pending = [];
  }

  /**
   * Resolves when all lines so far would survive a loss of power.
   *
   * @throws the disk's error, if it refused a line
   */
  async synced(): Promise<void> {
    this.flush();
    await this.#writer.synced();
  }

  close(): Promise<SpooledFile> {
    this.flush();
    return this.#writer.close();
  }
}
