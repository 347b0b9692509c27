import ts from "typescript";

/** A piece of a source file that is meant for people. */
export interface Prose {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** A text with fewer words is a name, a key or a code. */
const MIN_WORDS = 3;

/** The comments of a TypeScript file, and its strings and templates that look like sentences: test titles, errors, help. */
export function proseOf(name: string, content: string): Prose[] {
  const file = ts.createSourceFile(name, content, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line + 1;
  const found: Prose[] = [];
  const seen = new Set<number>();
  const visit = (node: ts.Node): void => {
    const comments = ts.getLeadingCommentRanges(content, node.getFullStart()) ?? [];
    for (const { pos, end } of comments) {
      if (!seen.has(pos)) found.push(...linesOf(content.slice(pos, end), lineOf(pos)));
      seen.add(pos);
    }
    const text = textOf(node);
    if (text !== undefined && text.trim().split(/\s+/).length >= MIN_WORDS) {
      found.push(...linesOf(text, lineOf(node.getStart())));
    }
    node.getChildren(file).forEach(visit);
  };
  visit(file);
  return found;
}

/** The text of a string or of a whole template, in which each value is `…`. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
}

/** Each line with its number. Code in backticks is taken out: it holds names, not prose. */
function linesOf(text: string, first: number): Prose[] {
  return text.split("\n").map((line, index) => ({ line: first + index, text: line.replace(/`[^`]*`/g, "") }));
}
