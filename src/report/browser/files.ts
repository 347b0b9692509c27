import type { PageData, PageFile } from "../page-data.ts";
import { parseMarkdown, plainText } from "./chat/markdown.ts";
import { button, element, strangersText } from "./dom.ts";
import { clock, lengthInWords, sizeInWords } from "./format.ts";
import type { NameOf } from "./names.ts";

/** Links to the recording's own files, and the chat as a text that the page makes itself. */
export function filesOf(data: PageData, nameOf: NameOf): HTMLElement | undefined {
  const { files, messages = [], speakers } = data;
  const others = files.filter(({ sound }) => sound === undefined);
  const items = [
    ...(messages.length === 0 ? [] : [element("li", {}, chatButton(data, nameOf))]),
    ...others.map((file) => element("li", {}, fileLink(data, file))),
    ...speakers.map((_, index) => speakerItem(data, index)).filter((item) => item !== undefined),
  ];
  if (items.length === 0) return undefined;
  const note = "These links lead to the recording's folder. They work as long as this page is not moved.";
  return element(
    "section",
    { class: "files", "aria-labelledby": "files-heading" },
    element("h2", { id: "files-heading" }, "Files"),
    files.length === 0 ? undefined : element("p", { class: "note" }, note),
    element("ul", {}, ...items),
  );
}

/** A speaker may have thousands of files, so their links are made when the list is opened. */
function speakerItem(data: PageData, speaker: number): HTMLElement | undefined {
  const own = data.files.filter(({ sound }) => sound?.speaker === speaker);
  const [first] = own;
  const name = strangersText(data.speakers[speaker]?.name ?? "");
  if (first === undefined) return undefined;
  if (own.length === 1) return element("li", {}, name, ": ", fileLink(data, first));
  const list = element("ul");
  const details = element("details", {}, element("summary", {}, name, `: ${own.length} files`), list);
  details.addEventListener("toggle", () => list.append(...own.map((file) => element("li", {}, fileLink(data, file)))), {
    once: true,
  });
  return element("li", {}, details);
}

function fileLink({ filesAt }: PageData, { name, sound }: PageFile): HTMLElement {
  const link = element("a", { href: `${filesAt}${encodeURIComponent(name)}`, download: name }, name);
  if (sound === undefined) return link;
  const { fromMs, ms, bytes } = sound;
  const note = ` from ${clock(fromMs)}, ${lengthInWords(ms)}, ${sizeInWords(bytes)}`;
  return element("span", {}, link, element("span", { class: "note" }, note));
}

function chatButton(data: PageData, nameOf: NameOf): HTMLElement {
  return button("Save the chat as text", {}, () => save("chat.txt", chatAsText(data, nameOf)), "Save the chat as text");
}

function chatAsText({ messages = [] }: PageData, nameOf: NameOf): string {
  return messages
    .map(({ offsetMs, author, text, extras, deletedAtMs }) => {
      const words = plainText(parseMarkdown(text), nameOf, "with spoilers");
      const deleted = deletedAtMs === undefined ? [] : ["(deleted message)"];
      return `[${clock(offsetMs)}] ${author}: ${[...deleted, words, ...extras].filter((part) => part !== "").join(" ")}`;
    })
    .join("\n");
}

/** Lets the browser save a file that the page makes, without the network. */
function save(name: string, text: string): void {
  const href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  element("a", { href, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
