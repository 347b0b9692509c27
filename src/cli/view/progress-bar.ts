/** How often the line on a terminal is updated. */
const TERMINAL_INTERVAL_MS = 100;
/** How often a new line is written elsewhere. */
const LINE_INTERVAL_MS = 10_000;
const WIDTH = 24;

/** One line that shows progress. It is removed from a terminal at the end. */
export class ProgressBar {
  readonly #output: NodeJS.WriteStream;
  #shownAtMs = performance.now();
  #shown = false;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  /**
   * @param share from 0 to 1
   * @param text the progress in words
   */
  show(share: number, text: string): void {
    const nowMs = performance.now();
    const terminal = this.#output.isTTY;
    if (nowMs - this.#shownAtMs < (terminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS)) return;
    this.#shownAtMs = nowMs;
    const full = Math.round(share * WIDTH);
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    if (!terminal) this.#output.write(`${percent.trim()} ${text}\n`);
    else this.#output.write(`\r\x1b[K[${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${percent} ${text}`);
    this.#shown = true;
  }

  /** Idempotent. */
  stop(): void {
    if (this.#shown && this.#output.isTTY) this.#output.write("\r\x1b[K");
    this.#shown = false;
  }
}
