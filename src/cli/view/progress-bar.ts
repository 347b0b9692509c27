/** A line on a terminal is renewed this often. */
const TERMINAL_INTERVAL_MS = 100;
/** Elsewhere a new line is written less often. */
const LINE_INTERVAL_MS = 10_000;
const WIDTH = 24;

/** One line that shows how far something is; nothing of it stays on a terminal. */
export class ProgressBar {
  readonly #output: NodeJS.WriteStream;
  #shownAtMs = performance.now();
  #shown = false;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  /**
   * @param share from 0 to 1
   * @param text what is done of how much, in words
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
