import { shownText } from "./charset.ts";
import { fitting } from "./fitting.ts";
import type { UploadRow } from "./upload-view.ts";

/** Standard error, which may be a file or a pipe. */
export type StatusOutput = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** For a terminal that reports 0, or nothing. */
const UNKNOWN_COLUMNS = 80;
/** ECMA-48: to the first column, then EL. */
const EMPTY_ROW = "\r\x1b[K";

/**
 * Shows text in the row of the cursor, in place of what is there. It never wraps: a row that has wrapped cannot be
 * replaced, and would be left behind with each update.
 *
 * @param texts the same in several lengths, the longest first: the first that fits is shown
 */
export function showRow(terminal: StatusOutput, ...texts: readonly [string, ...string[]]): void {
  // Some terminals wrap a text that takes exactly all columns.
  const columns = (terminal.columns || UNKNOWN_COLUMNS) - 1;
  terminal.write(`${EMPTY_ROW}${shownText(fitting(texts, columns))}`);
}

export function clearRow(terminal: StatusOutput): void {
  terminal.write(EMPTY_ROW);
}

/** The row of this terminal. */
export function rowOf(terminal: StatusOutput): UploadRow {
  return { show: (...texts) => showRow(terminal, ...texts), clear: () => clearRow(terminal) };
}
