import type { PageMessage } from "../../page-data.ts";
import { element } from "../dom.ts";
import { type MessageContext, messageItem } from "./message-item.ts";

/** The size of the groups in which messages are built, each when it comes near the visible part. */
const GROUP_SIZE = 40;
/** The average height of a message, which estimates a group's height until it is built. */
const MESSAGE_PIXELS = 64;
const NEAR = "600px 0px";

interface Group {
  readonly list: HTMLElement;
  readonly messages: readonly PageMessage[];
}

/** A scrolling list of messages, one of which is the current one. */
export class MessageList {
  readonly root = element("div", { class: "messages", tabindex: 0, role: "region", "aria-label": "Messages" });
  readonly #context: MessageContext;
  readonly #onMade: (list: HTMLElement) => void;
  #messages: readonly PageMessage[] = [];
  #groups: readonly Group[] = [];
  #observer: IntersectionObserver | undefined;
  #current = -1;

  /** @param onMade called with each group of items after it is added to the page */
  constructor(context: MessageContext, onMade: (list: HTMLElement) => void) {
    this.#context = context;
    this.#onMade = onMade;
  }

  /** Replaces the shown messages, which are in time order. */
  show(messages: readonly PageMessage[], ifNone: string): void {
    this.#observer?.disconnect();
    this.#messages = messages;
    this.#current = -1;
    this.#groups = Array.from({ length: Math.ceil(messages.length / GROUP_SIZE) }, (_, index) => {
      const first = index * GROUP_SIZE;
      const own = messages.slice(first, first + GROUP_SIZE);
      const list = element("ol", { start: first + 1 });
      list.style.minHeight = `${own.length * MESSAGE_PIXELS}px`;
      return { list, messages: own };
    });
    const note = element("p", { class: "note" }, ifNone);
    this.root.replaceChildren(...(messages.length === 0 ? [note] : this.#groups.map(({ list }) => list)));
    this.#makeGroupsNearby();
  }

  /** Index of the last message that was sent by then; -1 if there is none. */
  lastBefore(atMs: number): number {
    let [low, high] = [0, this.#messages.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#messages[middle]?.offsetMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** @returns whether it has changed */
  setCurrent(index: number): boolean {
    if (index === this.#current) return false;
    this.#itemOf(this.#current)?.removeAttribute("aria-current");
    this.#current = index;
    this.#itemOf(index)?.setAttribute("aria-current", "time");
    return true;
  }

  scrollTo(index: number): void {
    const group = this.#groups[Math.floor(index / GROUP_SIZE)];
    if (group === undefined) return;
    this.#make(group);
    const item = this.#itemOf(index);
    if (!(item instanceof HTMLElement)) return;
    const { top, height } = item.getBoundingClientRect();
    const frame = this.root.getBoundingClientRect();
    this.root.scrollTop += top + height - frame.top - frame.height * 0.75;
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
      { root: this.root, rootMargin: NEAR },
    );
    for (const { list } of this.#groups) observer.observe(list);
    this.#observer = observer;
  }

  #make({ list, messages }: Group): void {
    if (list.childElementCount > 0) return;
    list.style.minHeight = "";
    list.append(...messages.map((message) => messageItem(message, this.#context)));
    this.#itemOf(this.#current)?.setAttribute("aria-current", "time");
    this.#onMade(list);
  }

  #itemOf(index: number): Element | undefined {
    return this.#groups[Math.floor(index / GROUP_SIZE)]?.list.children[index % GROUP_SIZE];
  }
}
