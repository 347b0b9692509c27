/** Name of the highlight in the style sheet. */
const NAME = "found";

/** Highlights matches without changing the elements. Browsers without support show no highlights. */
export class Highlights {
  #query = "";
  readonly #highlight = "highlights" in CSS ? new Highlight() : undefined;

  constructor() {
    if (this.#highlight !== undefined) CSS.highlights.set(NAME, this.#highlight);
  }

  /** @param query in lower case; nothing is marked if it is empty */
  start(query: string): void {
    this.#query = query;
    this.#highlight?.clear();
  }

  mark(root: HTMLElement): void {
    if (this.#highlight === undefined || this.#query === "") return;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode() !== null) {
      const { currentNode } = walker;
      const text = (currentNode.nodeValue ?? "").toLocaleLowerCase();
      // Some letters become longer in lower case, so positions no longer match.
      if (text.length !== currentNode.nodeValue?.length) continue;
      for (let at = text.indexOf(this.#query); at >= 0; at = text.indexOf(this.#query, at + this.#query.length)) {
        const range = new Range();
        range.setStart(currentNode, at);
        range.setEnd(currentNode, at + this.#query.length);
        this.#highlight.add(range);
      }
    }
  }
}
