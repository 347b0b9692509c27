import { counted } from "./counted.ts";

const MAX_LINES = 20;

/**
 * Lines for a person: the first 20, and how many more there are. Thousands would push everything else off the screen.
 *
 * @param noun what a line is about, in the singular
 * @param count how many there are, if one line may be about several
 */
export function boundedLines(lines: readonly string[], noun: string, count = lines.length): string[] {
  const more = count - MAX_LINES;
  return lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), `and ${counted(more, `more ${noun}`)}`] : [...lines];
}
