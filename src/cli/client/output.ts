import { printable } from "../../text/safe-text.ts";
import { shownText } from "../view/charset.ts";
import { table } from "../view/table.ts";
import { columnsOf, cutToColumns } from "../view/text-width.ts";

/** What commands that talk to a job service print on stdout. */

export interface OutputOptions {
  /** One JSON object in a line for each result. */
  readonly json?: boolean;
}

/** One record of the answer: as JSON, or as text for people. */
export function printRecord(record: object, text: string, { json }: OutputOptions): void {
  process.stdout.write(json === true ? `${JSON.stringify(record)}\n` : shownText(`${text}\n`));
}

/**
 * A table as wide as the terminal. If it would not fit, each row is a block: its first cell, and a line for each of the
 * others.
 *
 * @param columns of the terminal; undefined if the output is not one
 */
export function fittedTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string[] {
  const cells = rows.map((row) => row.map(printable));
  const lines = table([header, ...cells], header.length);
  if (columns === undefined || lines.every((line) => columnsOf(line) <= columns)) return lines;
  return cells.flatMap(([first = "", ...rest]) => [
    first,
    ...rest.flatMap((cell, index) =>
      cell === "" ? [] : [cutToColumns(`  ${header[index + 1] ?? ""}: ${cell}`, columns)],
    ),
  ]);
}

/** A list: one JSON object for each item, or a table. */
export function printList<Item extends object>(
  items: readonly Item[],
  header: readonly string[],
  rowOf: (item: Item) => readonly string[],
  { json }: OutputOptions,
): void {
  if (json === true) {
    for (const item of items) process.stdout.write(`${JSON.stringify(item)}\n`);
    return;
  }
  const lines = items.length === 0 ? ["none"] : fittedTable(header, items.map(rowOf), process.stdout.columns);
  process.stdout.write(shownText(`${lines.join("\n")}\n`));
}

/** `name: value` for each value that there is. */
export function factLines(facts: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  return Object.entries(facts)
    .flatMap(([name, value]) => (value === null || value === undefined || value === "" ? [] : [`${name}: ${value}`]))
    .map(printable)
    .join("\n");
}
