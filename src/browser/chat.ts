import type { PageMessage } from "../page/page-data.ts";
import { element, strangersText } from "./dom.ts";
import { clock } from "./format.ts";

/** Messages are made in groups of so many, each when it comes near the part that is seen. */
const GROUP_SIZE = 40;
/** A group's height until it has been made: what a message has on average. */
const MESSAGE_PIXELS = 64;
const NEAR = "600px 0px";

interface Group {
  readonly list: HTMLElement;
  readonly first: number;
  readonly messages: readonly PageMessage[];
}

/** The chat beside the lanes: it scrolls along, and a click on a message goes to its moment. */
export class Chat {
  readonly root: HTMLElement;
  readonly #messages: readonly PageMessage[];
  readonly #seek: (toMs: number) => void;
  readonly #scroller: HTMLElement;
  readonly #groups: readonly Group[];
  readonly #follow = element("input", { type: "checkbox", id: "chat-follows", checked: true });
  #current = -1;

  constructor(messages: readonly PageMessage[], seek: (toMs: number) => void) {
    this.#messages = messages;
    this.#seek = seek;
    this.#groups = Array.from({ length: Math.ceil(messages.length / GROUP_SIZE) }, (_, index) => {
      const first = index * GROUP_SIZE;
      return {
        list: element("ol", { start: first + 1 }),
        first,
        messages: messages.slice(first, first + GROUP_SIZE),
      };
    });
    for (const { list, messages: own } of this.#groups) list.style.minHeight = `${own.length * MESSAGE_PIXELS}px`;
    this.#scroller = element(
      "div",
      { class: "messages", tabindex: 0, role: "region", "aria-label": "Messages" },
      ...(messages.length === 0 ? [element("p", { class: "note" }, "Nobody wrote anything.")] : []),
      ...this.#groups.map(({ list }) => list),
    );
    this.root = element(
      "section",
      { class: "chat", "aria-labelledby": "chat-heading" },
      element(
        "div",
        { class: "bar" },
        element("h2", { id: "chat-heading" }, `Chat (${messages.length})`),
        element("label", { for: "chat-follows" }, this.#follow, " follow"),
      ),
      this.#scroller,
    );
    this.#makeGroupsNearby();
  }

  showPosition(atMs: number): void {
    const current = lastBefore(this.#messages, atMs);
    if (current === this.#current) return;
    this.#itemOf(this.#current)?.removeAttribute("aria-current");
    this.#current = current;
    if (this.#follow.checked && current >= 0) this.#scrollTo(current);
    this.#itemOf(current)?.setAttribute("aria-current", "time");
  }

  #makeGroupsNearby(): void {
    const groups = new Map<Element, Group>(this.#groups.map((group) => [group.list, group]));
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          const group = groups.get(target);
          if (!isIntersecting || group === undefined) continue;
          observer.unobserve(target);
          this.#make(group);
        }
      },
      { root: this.#scroller, rootMargin: NEAR },
    );
    for (const { list } of this.#groups) observer.observe(list);
  }

  #make({ list, messages, first }: Group): void {
    if (list.childElementCount > 0) return;
    list.style.minHeight = "";
    list.append(...messages.map((message, index) => this.#item(message, first + index === this.#current)));
  }

  #item(message: PageMessage, current: boolean): HTMLElement {
    const { offsetMs, author, bot, text, extras, replyTo, thread, edited, deletedAtMs, reactions } = message;
    const time = element(
      "button",
      { type: "button", class: "time", "aria-label": `Go to ${clock(offsetMs)}` },
      clock(offsetMs),
    );
    const notes = [
      ...(bot ? ["bot"] : []),
      ...(edited ? ["edited"] : []),
      ...(deletedAtMs === undefined ? [] : [`deleted at ${clock(deletedAtMs)}`]),
    ];
    const item = element(
      "li",
      { "aria-current": current ? "time" : undefined, class: deletedAtMs === undefined ? undefined : "deleted" },
      element(
        "div",
        { class: "head" },
        strangersText(author, "author"),
        notes.length > 0 ? element("span", { class: "note" }, notes.join(", ")) : undefined,
        time,
      ),
      replyTo === undefined ? undefined : element("p", { class: "quote" }, "↪ ", strangersText(replyTo)),
      thread === undefined ? undefined : element("p", { class: "note" }, "in the thread ", strangersText(thread)),
      text === "" ? undefined : element("p", { class: "text", dir: "auto" }, text),
      ...extras.map((extra) => element("p", { class: "extra", dir: "auto" }, extra)),
      reactions.length === 0
        ? undefined
        : element("p", { class: "reactions" }, ...reactions.map(([emoji, n]) => element("span", {}, `${emoji} ${n}`))),
    );
    item.addEventListener("click", () => {
      // Who marks text to copy it does not want to go anywhere.
      if (window.getSelection()?.isCollapsed !== false) this.#seek(Math.max(0, offsetMs));
    });
    return item;
  }

  #itemOf(index: number): Element | undefined {
    return this.#groups[Math.floor(index / GROUP_SIZE)]?.list.children[index % GROUP_SIZE];
  }

  #scrollTo(index: number): void {
    const group = this.#groups[Math.floor(index / GROUP_SIZE)];
    if (group === undefined) return;
    this.#make(group);
    const item = this.#itemOf(index);
    if (!(item instanceof HTMLElement)) return;
    const { top, height } = item.getBoundingClientRect();
    const frame = this.#scroller.getBoundingClientRect();
    this.#scroller.scrollTop += top + height - frame.top - frame.height * 0.75;
  }
}

/** Index of the last message that was sent by then; -1 where there is none. Messages stand in order of time. */
function lastBefore(messages: readonly PageMessage[], atMs: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.offsetMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
