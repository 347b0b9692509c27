import type { SpooledFile } from "../../src/recording/ports/spool.ts";
import type { Storage } from "../../src/recording/ports/storage.ts";
import type { MemorySpool } from "./memory-spool.ts";

/** A storage in memory. */
export class MemoryStorage implements Storage {
  readonly files = new Map<string, Buffer>();
  /** In the order in which they were stored. */
  readonly order: string[] = [];
  readonly #spool: MemorySpool;
  /** How often `has` was called. */
  questions = 0;
  /** The error that `has` throws instead of an answer. */
  hidden: Error | undefined;
  failing: (name: string) => boolean = () => false;

  constructor(spool: MemorySpool) {
    this.#spool = spool;
  }

  async check(): Promise<void> {
    // Memory can be written to.
  }

  uriOf(name: string): string {
    return `memory:/job/${name}`;
  }

  async put(file: SpooledFile): Promise<void> {
    if (this.failing(file.name)) throw new TypeError("the storage cannot be reached");
    this.files.set(file.name, this.#spool.bytesOf(file.name));
    this.order.push(file.name);
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.files.get(name);
  }

  async has(name: string): Promise<boolean> {
    this.questions += 1;
    if (this.hidden !== undefined) throw this.hidden;
    return this.files.has(name);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}
