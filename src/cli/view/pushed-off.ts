import { columnsOf } from "./text-width.ts";

/** More lines than a window shows are too far back to come into sight again. */
const MAX_LINES = 500;

/** A line of the view that a smaller window pushed off the screen, or a line of the log that was written after it. */
type Line =
  | { readonly kind: "view"; readonly columns: number }
  | { readonly kind: "log"; readonly columns: number; readonly text: string };

/** What to do with the rows above the view that have come back into sight. */
export interface ComeBack {
  /** How many of them to erase. */
  readonly rows: number;
  /** What to write in their place. */
  readonly log: string;
}

const NOTHING: ComeBack = { rows: 0, log: "" };

/**
 * What is above the view, from the first of its lines that a smaller window pushed off the screen. Some terminals bring
 * such lines back when the window grows again. Then they have to be erased, but the log's lines behind them have to stay.
 * Other terminals have nothing above the view then, so erasing there is harmless.
 */
export class PushedOff {
  /** The topmost first, and never a line of the log. */
  #lines: Line[] = [];

  /** Notes the view's lines that a smaller window has pushed off, the topmost first. */
  pushed(widths: readonly number[]): void {
    this.#lines.push(...widths.map((columns) => ({ kind: "view", columns }) as const));
    this.#forgetIfFar();
  }

  /** Notes what the log writes above the view: whole lines. */
  logged(text: string): void {
    if (this.#lines.length === 0) return;
    const lines = text.replace(/\n$/, "").split("\n");
    this.#lines.push(...lines.map((line) => ({ kind: "log", columns: columnsOf(line), text: `${line}\n` }) as const));
    this.#forgetIfFar();
  }

  /**
   * Takes out the lines of the view that are in sight, and what the log has written below the topmost of them.
   *
   * @param visibleRows rows of the window above the view
   * @param columns of the window
   */
  takeVisible(visibleRows: number, columns: number): ComeBack {
    let rows = 0;
    let found: { readonly at: number; readonly rows: number } | undefined;
    for (let at = this.#lines.length - 1; at >= 0 && rows < visibleRows; at -= 1) {
      const line = this.#lines[at];
      rows += rowsOf(line?.columns ?? 0, columns);
      if (line?.kind === "view") found = { at, rows };
    }
    if (found === undefined) return NOTHING;
    const kept = this.#lines.splice(found.at).filter((line) => line.kind === "log");
    if (this.#lines.length > 0) this.#lines.push(...kept);
    return { rows: found.rows, log: kept.map(({ text }) => text).join("") };
  }

  #forgetIfFar(): void {
    if (this.#lines.length > MAX_LINES) this.#lines = [];
  }
}

/** How many rows a line takes in a window of this width, if it wraps. */
export function rowsOf(width: number, columns: number): number {
  return Math.max(1, Math.ceil(width / columns));
}
