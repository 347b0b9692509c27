import { Writable } from "node:stream";
import { shownText } from "./charset.ts";
import type { Size } from "./fitting.ts";
import { PushedOff, rowsOf } from "./pushed-off.ts";
import { columnsOf } from "./text-width.ts";

/** The terminal cuts lines at the last column instead of wrapping them, because the width of a name is not certain (DECAWM). */
const WRAP_OFF = "\x1b[?7l";
const WRAP_ON = "\x1b[?7h";

/** The size for a terminal that reports 0. */
const UNKNOWN_SIZE = { columns: 80, rows: 24 };

/** A terminal to draw on. */
export type Screen = NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };

/**
 * Lines at the bottom of a terminal, updated in place. The log goes through `log`, and scrolls above them. Each write
 * leaves the terminal's modes unchanged, so nothing must be restored after a crash.
 */
export class LiveScreen {
  /** For the log's lines. */
  readonly log: Writable & { readonly isTTY: true };
  readonly #screen: Screen;
  #lines: readonly string[] = [];
  readonly #pushedOff = new PushedOff();

  constructor(screen: Screen) {
    this.#screen = screen;
    const write = (chunk: Buffer | string, _: BufferEncoding, done: () => void): void => {
      this.#replace(this.#lines, String(chunk));
      done();
    };
    this.log = Object.assign(new Writable({ decodeStrings: false, write }), { isTTY: true as const });
  }

  /** Without the row of the cursor. */
  get size(): Size {
    const { columns, rows } = this.#screen;
    return { columns: columns || UNKNOWN_SIZE.columns, rows: Math.max(1, (rows || UNKNOWN_SIZE.rows) - 1) };
  }

  /** Shows these lines instead of those before; nothing is written if they are the same. None removes them. */
  show(text: readonly string[]): void {
    const lines = text.map(shownText);
    if (lines.join("\n") !== this.#lines.join("\n")) this.#replace(lines);
  }

  #replace(lines: readonly string[], above = ""): void {
    const { columns, rows } = this.size;
    // Some terminals wrap lines that were drawn when the window was wider.
    const widths = this.#lines.map(columnsOf);
    const drawnRows = sum(widths.map((width) => rowsOf(width, columns)));
    this.#pushedOff.pushed(firstOf(widths, drawnRows - rows, columns));
    // Without the view it is not known how many rows are above the cursor.
    const back = this.#pushedOff.takeVisible(drawnRows === 0 ? 0 : rows - drawnRows, columns);
    const takenOff = drawnRows + back.rows;
    const erase = takenOff === 0 ? "" : erased(takenOff);
    if (above !== "") this.#pushedOff.logged(above);
    const drawn = lines.length === 0 ? "" : `${WRAP_OFF}${lines.map((line) => `${line}\n`).join("")}${WRAP_ON}`;
    this.#lines = lines;
    this.#screen.write(`${erase}${back.log}${above}${drawn}`);
  }
}

/** The first of these lines that together take at least this many rows. */
function firstOf(widths: readonly number[], rows: number, columns: number): readonly number[] {
  let taken = 0;
  const count = widths.findIndex((width) => {
    if (taken >= rows) return true;
    taken += rowsOf(width, columns);
    return false;
  });
  return count === -1 ? widths : widths.slice(0, count);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/**
 * Erases rows above the cursor and moves the cursor to the first of them. It goes row by row (ECMA-48 EL), because some
 * terminals, such as tmux, move the lines into the scrollback if everything below the first row is erased at once (ED).
 */
function erased(rows: number): string {
  return `\x1b[${rows}A\r${"\x1b[2K\x1b[B".repeat(rows)}\x1b[2K\x1b[${rows}A`;
}
