import { wallClock } from "../wall-clock.ts";

/**
 * Discord's markdown as a tree. Nothing here makes markup: the view turns the tree into elements, and text stays text.
 * Source: Discord's "Markdown Text 101" and "Message Formatting".
 */
export type MarkdownNode =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "code" | "codeBlock"; readonly text: string }
  | { readonly type: Style; readonly children: readonly MarkdownNode[] }
  | { readonly type: "heading"; readonly level: number; readonly children: readonly MarkdownNode[] }
  | { readonly type: "item"; readonly depth: number; readonly children: readonly MarkdownNode[] }
  /** `label` is undefined for an address that is written out. */
  | { readonly type: "link"; readonly href: string; readonly label: readonly MarkdownNode[] | undefined }
  /** `key` is a user's id, or `#` and a channel's. */
  | { readonly type: "mention"; readonly key: string }
  | { readonly type: "time"; readonly seconds: number };

type Style = "strong" | "em" | "underline" | "strike" | "spoiler" | "quote" | "small";

/** Longer than Discord allows; such a text is shown unformatted. */
const MAX_CHARACTERS = 8_000;
const MAX_DEPTH = 8;

interface Rule {
  /** Sticky: it matches where the parser is. */
  readonly pattern: RegExp;
  readonly atLineStart?: boolean;
  /** The character that must not precede it. */
  readonly notAfter?: RegExp;
  readonly node: (groups: readonly string[], parse: (text: string) => readonly MarkdownNode[]) => MarkdownNode;
}

const text = (value: string): MarkdownNode => ({ type: "text", text: value });
const styled = (type: Style, pattern: RegExp, more: Partial<Rule> = {}): Rule => ({
  pattern,
  ...more,
  node: ([inner = ""], parse) => ({ type, children: parse(inner) }),
});

/** The first match wins. */
const RULES: readonly Rule[] = [
  { pattern: /\\([^0-9A-Za-z\s])/y, node: ([character = ""]) => text(character) },
  {
    pattern: /```(?:[a-z0-9_+\-.#]+\n)?\n*([\s\S]*?)\n*```\n?/iy,
    node: ([code = ""]) => ({ type: "codeBlock", text: code }),
  },
  { pattern: /(`+)([\s\S]*?[^`])\1(?!`)/y, node: ([, code = ""]) => ({ type: "code", text: code }) },
  styled("quote", />>> ([\s\S]*)/y, { atLineStart: true }),
  {
    pattern: /((?:> [^\n]*(?:\n|$))+)/y,
    atLineStart: true,
    node: ([lines = ""], parse) => ({ type: "quote", children: parse(lines.replaceAll(/^> /gm, "").trimEnd()) }),
  },
  {
    pattern: /(#{1,3}) +([^\n]+)(?:\n|$)/y,
    atLineStart: true,
    node: ([signs = "", inner = ""], parse) => ({ type: "heading", level: signs.length, children: parse(inner) }),
  },
  styled("small", /-# +([^\n]+)(?:\n|$)/y, { atLineStart: true }),
  {
    pattern: /( *)[-*] +([^\n]+)(?:\n|$)/y,
    atLineStart: true,
    node: ([indent = "", inner = ""], parse) => ({
      type: "item",
      depth: Math.min(4, Math.floor(indent.length / 2)),
      children: parse(inner),
    }),
  },
  { pattern: /<@!?(\d+)>/y, node: ([id = ""]) => ({ type: "mention", key: id }) },
  { pattern: /<#(\d+)>/y, node: ([id = ""]) => ({ type: "mention", key: `#${id}` }) },
  { pattern: /<@&\d+>/y, node: () => text("@role") },
  { pattern: /<a?(:\w+:)\d+>/y, node: ([name = ""]) => text(name) },
  { pattern: /<(\/[^<>:\n]+):\d+>/y, node: ([command = ""]) => text(command) },
  { pattern: /<t:(-?\d{1,12})(?::[tTdDfFR])?>/y, node: ([seconds]) => ({ type: "time", seconds: Number(seconds) }) },
  { pattern: /<(https:\/\/[^\s<>]+)>/y, node: ([href = ""]) => ({ type: "link", href, label: undefined }) },
  {
    pattern: /\[([^[\]\n]+)\]\(<?(https:\/\/(?:[^\s<>()]|\([^\s<>()]*\))+)>?(?: +"[^"\n]*")?\)/y,
    node: ([label = "", href = ""], parse) => ({ type: "link", href, label: parse(label) }),
  },
  {
    pattern: /(https:\/\/[^\s<]*[^\s<.,:;!?"')\]])/y,
    node: ([href = ""]) => ({ type: "link", href, label: undefined }),
  },
  styled("spoiler", /\|\|([\s\S]+?)\|\|/y),
  styled("strong", /\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/y),
  styled("underline", /__((?:\\[\s\S]|[^\\])+?)__(?!_)/y),
  styled("strike", /~~(?=\S)([\s\S]*?\S)~~/y),
  styled("em", /\*(?=[^\s*])((?:\*\*|\\[\s\S]|[^*\\])*?[^\s*\\]|[^\s*\\])\*(?!\*)/y),
  styled("em", /_((?:__|\\[\s\S]|[^\\_])+?)_(?!\w)/y, { notAfter: /\w/ }),
];

/** The number of characters in which no rule can begin. */
const PLAIN = /[^\\`>#\-*<[h|_~ \n]+| +|[\s\S]/y;

export function parseMarkdown(source: string): readonly MarkdownNode[] {
  return source.length > MAX_CHARACTERS ? [text(source)] : parse(source, 0);
}

function parse(source: string, depth: number): readonly MarkdownNode[] {
  if (depth > MAX_DEPTH) return [text(source)];
  const nodes: MarkdownNode[] = [];
  let plain = "";
  for (let at = 0; at < source.length; ) {
    const found = matchAt(source, at);
    const node = found?.rule.node(found.groups, (inner) => parse(inner, depth + 1));
    if (found === undefined || node === undefined) {
      PLAIN.lastIndex = at;
      const [more = ""] = PLAIN.exec(source) ?? [];
      plain += more;
      at += more.length;
      continue;
    }
    at += found.length;
    if (node.type === "text") {
      plain += node.text;
      continue;
    }
    if (plain !== "") nodes.push(text(plain));
    plain = "";
    nodes.push(node);
  }
  return plain === "" ? nodes : [...nodes, text(plain)];
}

function matchAt(source: string, at: number) {
  for (const rule of RULES) {
    if (rule.atLineStart === true && at > 0 && source[at - 1] !== "\n") continue;
    if (rule.notAfter?.test(source[at - 1] ?? "")) continue;
    rule.pattern.lastIndex = at;
    const match = rule.pattern.exec(source);
    if (match !== null) return { rule, groups: match.slice(1), length: match[0].length };
  }
  return undefined;
}

type PlainTextOptions = [nameOf: (key: string) => string, spoilers: "with spoilers" | "without spoilers"];

/** The tree as text, without its formatting. */
export function plainText(nodes: readonly MarkdownNode[], ...[nameOf, spoilers]: PlainTextOptions): string {
  return nodes.map((node) => plainTextOf(node, nameOf, spoilers)).join("");
}

function plainTextOf(node: MarkdownNode, ...[nameOf, spoilers]: PlainTextOptions): string {
  const inner = (children: readonly MarkdownNode[]) => plainText(children, nameOf, spoilers);
  switch (node.type) {
    case "text":
    case "code":
    case "codeBlock":
      return node.text;
    case "mention":
      return nameOf(node.key);
    case "time":
      return wallClock(new Date(node.seconds * 1_000));
    case "link":
      return node.label === undefined ? node.href : inner(node.label);
    case "spoiler":
      return spoilers === "with spoilers" ? inner(node.children) : "(spoiler)";
    case "quote":
    case "heading":
    case "item":
    case "small":
      return `${inner(node.children)} `;
    case "strong":
    case "em":
    case "underline":
    case "strike":
      return inner(node.children);
  }
}
