import { counted } from "./counted.ts";

const MAX_LINES = 20;

/**
 * Lines for a person: the first 20, and how many more there are. Thousands would push everything else off the screen.
 *
 * @param noun what a line is about, in the singular
 */
export function boundedLines(lines: readonly string[], noun: string): string[] {
  const more = lines.length - MAX_LINES;
  return more > 0 ? [...lines.slice(0, MAX_LINES), `and ${counted(more, `more ${noun}`)}`] : [...lines];
}
