import type { SpooledFile, SpoolWriter } from "../ports/spool.ts";

/** A file of JSON objects, one a line. Lines are buffered until `flush`, because each write costs a system call. */
export class LineLog<Line> {
  readonly #writer: SpoolWriter;
  readonly #onPending: () => void;
  #lines: number;
  #pending: string[] = [];
  #pendingBytes = 0;

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
    this.#add(JSON.stringify(line));
  }

  /**
   * Writes a line unless the disk is too far behind.
   *
   * @param maxWaitingBytes the most that may wait, this line included
   * @returns whether it was written
   */
  writeIfRoom(line: Line, maxWaitingBytes: number): boolean {
    const text = JSON.stringify(line);
    if (this.#pendingBytes + this.#writer.waitingBytes + Buffer.byteLength(text) > maxWaitingBytes) return false;
    this.#add(text);
    return true;
  }

  #add(text: string): void {
    this.#lines += 1;
    this.#pendingBytes += Buffer.byteLength(text) + 1;
    if (this.#pending.push(text, "\n") === 2) this.#onPending();
  }

  /** Writes the buffered lines. Call it soon after `onPending`, because a kill loses the buffer. */
  flush(): void {
    if (this.#pending.length === 0) return;
    this.#writer.append(Buffer.from(this.#pending.join(""), "utf8"));
    this.#pending = [];
    this.#pendingBytes = 0;
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
