/** Writes what comes at the same time together: each commit waits for the disk, and nobody else can write meanwhile. */
export class Batch<Item, Result> {
  readonly #write: (items: readonly Item[]) => Promise<readonly Result[]>;
  #items: Item[] = [];
  #written: Promise<readonly Result[]> | undefined;

  /** @param write returns the result of each item, in order */
  constructor(write: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#write = write;
  }

  /** @throws what the write of its batch throws */
  async add(item: Item): Promise<Result> {
    const index = this.#items.push(item) - 1;
    this.#written ??= this.#gather();
    const results = await this.#written;
    return results[index] as Result;
  }

  /** All that comes in one turn of the event loop. While a commit waits for the disk, more comes for the next turn. */
  async #gather(): Promise<readonly Result[]> {
    await new Promise(setImmediate);
    const items = this.#items;
    this.#items = [];
    this.#written = undefined;
    return await this.#write(items);
  }
}
