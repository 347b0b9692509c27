import type { PageMessage } from "../../page-data.ts";
import { element, strangersText } from "../dom.ts";
import { clock } from "../format.ts";
import type { NameOf } from "../names.ts";
import { parseMarkdown, plainText } from "./markdown.ts";
import { formatted } from "./markdown-view.ts";

export interface MessageContext {
  readonly messages: readonly PageMessage[];
  readonly nameOf: NameOf;
  /** Plays from there. */
  readonly hear: (fromMs: number) => void;
}

/** How much of a message is quoted above a reply. */
const QUOTE_CHARACTERS = 80;

/** One message as an item of the chat's list. A click plays its moment. */
export function messageItem(message: PageMessage, context: MessageContext): HTMLElement {
  const { offsetMs, thread, replyTo, deletedAtMs, text, forwarded, extras, reactions } = message;
  const { nameOf } = context;
  const answered = replyTo === undefined ? undefined : context.messages[replyTo];
  const item = element(
    "li",
    { class: deletedAtMs === undefined ? undefined : "deleted" },
    headOf(message),
    answered === undefined ? undefined : quoteOf(answered, nameOf),
    thread === undefined ? undefined : element("p", { class: "note" }, "in the thread ", strangersText(thread)),
    isWithheld(message) ? element("p", { class: "note" }, "deleted message") : undefined,
    text === "" ? undefined : element("div", { class: "text", dir: "auto" }, ...formatted(text, nameOf)),
    ...forwarded.map((each) =>
      element("div", { class: "extra", dir: "auto" }, "forwarded: ", ...formatted(each, nameOf)),
    ),
    ...extras.map((extra) => element("p", { class: "extra", dir: "auto" }, extra)),
    reactions.length === 0
      ? undefined
      : element("p", { class: "reactions" }, ...reactions.map(([emoji, n]) => element("span", {}, `${emoji} ${n}`))),
  );
  item.addEventListener("click", ({ target }) => {
    // Links and spoilers have their own click action, and selecting text must not seek.
    if (target instanceof Element && target.closest("a, .spoiler, .spoiler-shown") !== null) return;
    if (window.getSelection()?.isCollapsed !== false) context.hear(Math.max(0, offsetMs));
  });
  return item;
}

/** All visible text of a message, in lower case. */
export function searchText({ author, text, forwarded, extras, thread = "" }: PageMessage, nameOf: NameOf): string {
  const texts = [text, ...forwarded].map((each) => plainText(parseMarkdown(each), nameOf, "with spoilers"));
  return [author, ...texts, ...extras, thread].join("\n").normalize("NFKC").toLocaleLowerCase();
}

/** Its text is not in the page. */
function isWithheld({ deletedAtMs, text, forwarded, extras }: PageMessage): boolean {
  return deletedAtMs !== undefined && text === "" && forwarded.length === 0 && extras.length === 0;
}

function headOf({ offsetMs, author, bot, note, edited, deletedAtMs }: PageMessage): HTMLElement {
  const notes = [
    ...(bot ? ["bot"] : []),
    ...(note ? ["note"] : []),
    ...(edited ? ["edited"] : []),
    ...(deletedAtMs === undefined ? [] : [`deleted at ${clock(deletedAtMs)}`]),
  ];
  const time = clock(offsetMs);
  return element(
    "div",
    { class: "head" },
    strangersText(author, "author", author),
    notes.length > 0 ? element("span", { class: "note" }, notes.join(", ")) : undefined,
    element("button", { type: "button", class: "time", "aria-label": `Play from ${time}` }, time),
  );
}

function quoteOf(answered: PageMessage, nameOf: NameOf): HTMLElement {
  const whole = isWithheld(answered)
    ? "deleted message"
    : plainText(parseMarkdown(answered.text), nameOf, "without spoilers").trim();
  const characters = [...whole];
  const text = characters.length > QUOTE_CHARACTERS ? `${characters.slice(0, QUOTE_CHARACTERS).join("")}…` : whole;
  return element("p", { class: "quote" }, "↪ ", strangersText(answered.author), ": ", strangersText(text));
}
