/**
 * The file's text, whose part between `<!-- NAME:begin -->` and `<!-- NAME:end -->` is this content.
 *
 * @param file its name, for the error
 * @throws Error if the marks are missing
 */
export function withMarked(file: string, text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${file} lacks ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}
