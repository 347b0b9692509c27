import type { PageMessage } from "../../page-data.ts";
import { button, element } from "../dom.ts";
import type { NameOf } from "../names.ts";
import { searchText } from "./message-item.ts";

export interface ChatSearchActions {
  /** Shows only these messages, or all if the search is empty. */
  readonly show: (found: readonly PageMessage[], query: string) => void;
  /** Goes to one of the shown messages. */
  readonly goTo: (index: number) => void;
}

/** The field that filters the chat. Enter goes to the next message that is found, with Shift to the one before. */
export class ChatSearch {
  readonly root: HTMLElement;
  readonly #field = element("input", { type: "search", placeholder: "Search", "aria-label": "Search in chat" });
  readonly #count = element("span", { class: "note", role: "status" });
  readonly #messages: readonly PageMessage[];
  readonly #nameOf: NameOf;
  readonly #actions: ChatSearchActions;
  #texts: readonly string[] | undefined;
  #found: readonly PageMessage[] = [];
  #at = -1;

  constructor(messages: readonly PageMessage[], nameOf: NameOf, actions: ChatSearchActions) {
    this.#messages = messages;
    this.#nameOf = nameOf;
    this.#actions = actions;
    this.#field.addEventListener("input", () => this.#search());
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    this.root = element(
      "div",
      { class: "search", role: "search" },
      this.#field,
      this.#count,
      button("Previous message found", {}, () => this.#step(-1), "↑"),
      button("Next message found", {}, () => this.#step(1), "↓"),
    );
    this.#showCount();
  }

  focus(): void {
    this.#field.focus();
    this.#field.select();
  }

  #search(): void {
    const query = this.#query();
    this.#texts ??= this.#messages.map((message) => searchText(message, this.#nameOf));
    const texts = this.#texts;
    this.#found = query === "" ? [] : this.#messages.filter((_, index) => texts[index]?.includes(query));
    this.#at = -1;
    this.#showCount();
    this.#actions.show(query === "" ? this.#messages : this.#found, query);
  }

  #query(): string {
    return this.#field.value.trim().normalize("NFKC").toLocaleLowerCase();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === "Enter") this.#step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && this.#field.value !== "") {
      this.#field.value = "";
      this.#search();
    } else return;
    event.preventDefault();
  }

  #step(by: number): void {
    const { length } = this.#found;
    if (length === 0) return;
    this.#at = this.#at < 0 && by < 0 ? length - 1 : (this.#at + by + length) % length;
    this.#showCount();
    this.#actions.goTo(this.#at);
  }

  #showCount(): void {
    const searches = this.#query() !== "";
    const total = `${this.#found.length} found`;
    this.#count.textContent = searches ? (this.#at < 0 ? total : `${this.#at + 1} of ${this.#found.length}`) : "";
    for (const each of this.root.querySelectorAll("button")) each.hidden = !searches || this.#found.length === 0;
  }
}
