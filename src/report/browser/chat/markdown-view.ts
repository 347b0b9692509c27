import { element } from "../dom.ts";
import type { NameOf } from "../names.ts";
import { wallClock } from "../wall-clock.ts";
import { type MarkdownNode, parseMarkdown } from "./markdown.ts";

const TAGS = { strong: "strong", em: "em", underline: "u", strike: "s", quote: "blockquote", small: "small" } as const;

/** A stranger's text with Discord's formatting, built element by element. */
export function formatted(source: string, nameOf: NameOf): Node[] {
  return parseMarkdown(source).map((node) => show(node, nameOf));
}

function show(node: MarkdownNode, nameOf: NameOf): Node {
  const all = (nodes: readonly MarkdownNode[]) => nodes.map((child) => show(child, nameOf));
  switch (node.type) {
    case "text":
      return document.createTextNode(node.text);
    case "code":
      return element("code", {}, node.text);
    case "codeBlock":
      // It may scroll sideways, so the keyboard must be able to reach it.
      return element("pre", { tabindex: 0 }, element("code", {}, node.text));
    case "mention":
      return element("bdi", { class: "mention" }, nameOf(node.key));
    case "time":
      return element("time", {}, wallClock(new Date(node.seconds * 1_000)));
    case "link":
      return link(node.href, node.label === undefined ? undefined : all(node.label));
    case "spoiler":
      return spoiler(all(node.children));
    case "heading":
      // Not a real heading, because a message must not appear in the page's outline.
      return element("strong", { class: `heading level-${node.level}` }, ...all(node.children));
    case "item":
      return element("span", { class: `item depth-${node.depth}` }, ...all(node.children));
    case "strong":
    case "em":
    case "underline":
    case "strike":
    case "quote":
    case "small":
      return element(TAGS[node.type], {}, ...all(node.children));
  }
}

/** If the link text was chosen by its author, the host follows it. */
function link(href: string, label: readonly Node[] | undefined): HTMLElement {
  const attributes = { href, target: "_blank", rel: "noopener noreferrer nofollow", title: href };
  const made = element("a", attributes, ...(label ?? [href]));
  const host = hostOf(href);
  return label === undefined || host === undefined
    ? made
    : element("span", {}, made, element("small", {}, ` (${host})`));
}

function hostOf(href: string): string | undefined {
  return URL.canParse(href) ? new URL(href).host : undefined;
}

/** The hidden text is not in the page until it is opened. */
function spoiler(hidden: readonly Node[]): HTMLElement {
  const cover = element("button", { type: "button", class: "spoiler" }, "show spoiler");
  cover.addEventListener("click", () => {
    const shown = element("span", { class: "spoiler-shown", tabindex: -1 }, ...hidden);
    cover.replaceWith(shown);
    shown.focus();
  });
  return cover;
}
