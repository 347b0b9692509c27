import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Columns that a line of printable text takes on a terminal. A joined emoji takes two. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}

/** The text if it fits, otherwise its beginning with an ellipsis. */
export function cutToColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let cut = "";
  let width = 1;
  for (const { segment } of graphemes.segment(text)) {
    width += columnsOf(segment);
    if (width > columns) break;
    cut += segment;
  }
  return columns < 1 ? "" : `${cut}…`;
}
