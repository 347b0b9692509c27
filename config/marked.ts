/**
 * A document whose part between `<!-- NAME:begin -->` and `<!-- NAME:end -->` is this content.
 *
 * @throws Error where the marks are missing
 */
export function withMarked(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the document lacks ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n${content}\n${document.slice(to)}`;
}
