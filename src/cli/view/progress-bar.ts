import { clearRow, type StatusOutput, showRow } from "./status-row.ts";

/** How often the row of a terminal is updated. */
const TERMINAL_INTERVAL_MS = 100;
/** How often a new line is written elsewhere. */
const LINE_INTERVAL_MS = 10_000;
const WIDTH = 24;

/** One line that shows progress. In a narrow window the bar is left out. It is removed from a terminal at the end. */
export class ProgressBar {
  readonly #output: StatusOutput;
  #shownAtMs = performance.now();
  #shown = false;

  constructor(output: StatusOutput) {
    this.#output = output;
  }

  /**
   * @param share from 0 to 1
   * @param text the progress in words
   */
  show(share: number, text: string): void {
    const nowMs = performance.now();
    const isTerminal = this.#output.isTTY === true;
    if (nowMs - this.#shownAtMs < (isTerminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS)) return;
    this.#shownAtMs = nowMs;
    const full = Math.round(share * WIDTH);
    const percent = `${Math.floor(share * 100)} %`;
    const short = `${percent} ${text}`;
    const bar = `[${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${percent.padStart(5)} ${text}`;
    if (isTerminal) showRow(this.#output, bar, short);
    else this.#output.write(`${short}\n`);
    this.#shown = true;
  }

  /** Idempotent. */
  stop(): void {
    if (this.#shown && this.#output.isTTY === true) clearRow(this.#output);
    this.#shown = false;
  }
}
