import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MarkdownNode, parseMarkdown, plainText } from "../../../../src/report/browser/chat/markdown.ts";

const text = (value: string): MarkdownNode => ({ type: "text", text: value });
const styled = (
  type: "strong" | "em" | "underline" | "strike" | "spoiler" | "quote" | "small",
  ...children: MarkdownNode[]
) => ({
  type,
  children,
});
const nameOf = (key: string) => `@${key}`;

describe("Discord's formatting", () => {
  test.each<[string, MarkdownNode[]]>([
    ["**bold** and *it*", [styled("strong", text("bold")), text(" and "), styled("em", text("it"))]],
    [
      "_it_ __under__ ~~gone~~",
      [
        styled("em", text("it")),
        text(" "),
        styled("underline", text("under")),
        text(" "),
        styled("strike", text("gone")),
      ],
    ],
    ["***both***", [styled("strong", styled("em", text("both")))]],
    ["`a **b**`", [{ type: "code", text: "a **b**" }]],
    ["```js\nlet a = 1;\n```\nafter", [{ type: "codeBlock", text: "let a = 1;" }, text("after")]],
    ["||no *peeking*||", [styled("spoiler", text("no "), styled("em", text("peeking")))]],
    ["||```secret```||", [styled("spoiler", { type: "codeBlock", text: "secret" })]],
    ["> a\n> b\nc", [styled("quote", text("a\nb")), text("c")]],
    [
      "# Title\n-# small\n- one\n  - two",
      [
        { type: "heading", level: 1, children: [text("Title")] },
        styled("small", text("small")),
        { type: "item", depth: 0, children: [text("one")] },
        { type: "item", depth: 1, children: [text("two")] },
      ],
    ],
    [
      "<@8> <@!9> <#10> <:party:11> </play:12> <t:0:R>",
      [
        { type: "mention", key: "8" },
        text(" "),
        { type: "mention", key: "9" },
        text(" "),
        { type: "mention", key: "#10" },
        text(" :party: /play "),
        { type: "time", seconds: 0 },
      ],
    ],
  ])("%j", (source, nodes) => {
    expect(parseMarkdown(source)).toEqual(nodes);
  });

  test.each(["snake_case_name", "2 * 3 * 4", "a ** b", "\\*not\\*", "#hashtag", "-5 > -6", "||", "``"])(
    "%j is only text",
    (source) => {
      expect(parseMarkdown(source)).toEqual([text(source.replaceAll("\\", ""))]);
    },
  );
});

describe("a link", () => {
  const hrefsIn = (source: string) =>
    parseMarkdown(source).flatMap((node) => (node.type === "link" ? [node.href] : []));

  test("is an https address, written out, in angle brackets, or as the target of words", () => {
    expect(hrefsIn("see https://example.org/a_b?c=1, or <https://example.org/d>.")).toEqual([
      "https://example.org/a_b?c=1",
      "https://example.org/d",
    ]);
    expect(parseMarkdown("[words](https://example.org/x_(y))")).toEqual([
      { type: "link", href: "https://example.org/x_(y)", label: [text("words")] },
    ]);
  });

  test.each([
    "[click](javascript:alert(1))",
    "javascript:alert(1)",
    "<javascript:alert(1)>",
    "[a](data:text/html,x)",
    "http://example.org",
    "[a](file:///etc/passwd)",
  ])("%j is not one", (source) => {
    expect(hrefsIn(source)).toEqual([]);
  });
});

test("Text without formatting hides the contents of a spoiler unless asked", () => {
  const nodes = parseMarkdown("**Hi** <@8>, ||the end||");
  expect(plainText(nodes, nameOf, "without spoilers")).toBe("Hi @8, (spoiler)");
  expect(plainText(nodes, nameOf, "with spoilers")).toBe("Hi @8, the end");
});

test("Any text becomes a tree, and links lead only to https", () => {
  const bits = fc.constantFrom(
    "*",
    "**",
    "_",
    "__",
    "~~",
    "||",
    "`",
    "```",
    "> ",
    "# ",
    "- ",
    "\n",
    "[",
    "](",
    ")",
    "<",
    "https://a.b",
    "javascript:",
    "\\",
    "x",
    " ",
  );
  const check = (nodes: readonly MarkdownNode[]): void => {
    for (const node of nodes) {
      if (node.type === "link") expect(node.href).toMatch(/^https:\/\//);
      if ("children" in node) check(node.children);
    }
  };
  fc.assert(fc.property(fc.array(bits, { maxLength: 60 }), (parts) => check(parseMarkdown(parts.join("")))));
});

test.each(["*", "_", "|", "`", "[", "> ", "~", "*_", "**||", "\\"])("Thousands of %j take almost no time", (bit) => {
  const source = bit.repeat(4_000 / bit.length);
  expect(plainText(parseMarkdown(source), nameOf, "with spoilers").length).toBeLessThanOrEqual(source.length + 4_000);
});
