import { columnsOf } from "./text-width.ts";

/** Lines of a table. The first `leftColumns` columns are aligned left, the others right. */
export function table(rows: readonly (readonly string[])[], leftColumns: number): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => columnsOf(row[column] ?? ""))),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const padding = " ".repeat((widths[column] ?? 0) - columnsOf(cell));
        return column < leftColumns ? `${cell}${padding}` : `${padding}${cell}`;
      })
      .join("  ")
      .trimEnd(),
  );
}
