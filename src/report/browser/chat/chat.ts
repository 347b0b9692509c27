import type { PageMessage } from "../../page-data.ts";
import { element } from "../dom.ts";
import { ChatSearch } from "./chat-search.ts";
import { Highlights } from "./highlight.ts";
import type { MessageContext } from "./message-item.ts";
import { MessageList } from "./message-list.ts";

const NOBODY_WROTE = "Nobody wrote anything.";

/** The chat next to the lanes. It scrolls along and can be searched; a click on a message plays its moment. */
export class Chat {
  readonly root: HTMLElement;
  readonly #list: MessageList;
  readonly #search: ChatSearch;
  readonly #highlights = new Highlights();
  readonly #follow = element("input", { type: "checkbox", id: "chat-follows", checked: true });
  #atMs = 0;

  /** @param seek goes to a moment, and continues to play only if it is playing */
  constructor(context: MessageContext, seek: (toMs: number) => void) {
    const { messages } = context;
    let shown: readonly PageMessage[] = messages;
    this.#list = new MessageList(context, (list) => this.#highlights.mark(list));
    this.#search = new ChatSearch(messages, context.nameOf, {
      show: (found, query) => {
        shown = found;
        this.#highlights.start(query);
        this.#list.show(found, query === "" ? NOBODY_WROTE : "No message has these words.");
        this.showPosition(this.#atMs);
      },
      goTo: (index) => {
        const message = shown[index];
        if (message === undefined) return;
        this.#list.scrollTo(index);
        seek(Math.max(0, message.offsetMs));
        // Several may have the same time, so the requested one becomes the current one.
        this.#list.setCurrent(index);
      },
    });
    this.#list.show(messages, NOBODY_WROTE);
    this.root = element(
      "section",
      { class: "chat", "aria-labelledby": "chat-heading" },
      element(
        "div",
        { class: "bar" },
        element("h2", { id: "chat-heading" }, `Chat (${messages.length})`),
        element("label", { for: "chat-follows" }, this.#follow, " follow"),
        messages.length === 0 ? undefined : this.#search.root,
      ),
      this.#list.root,
    );
  }

  focusSearch(): void {
    this.#search.focus();
  }

  showPosition(atMs: number): void {
    this.#atMs = atMs;
    const current = this.#list.lastBefore(atMs);
    if (this.#list.setCurrent(current) && this.#follow.checked && current >= 0) this.#list.scrollTo(current);
  }
}
