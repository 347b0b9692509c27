import { createHash } from "node:crypto";
import type { Spool, SpooledFile, SpoolWriter } from "../../src/recording/ports/spool.ts";

/** A spool in memory. */
export class MemorySpool implements Spool {
  readonly files = new Map<string, Buffer>();
  readonly full = false;
  free = Number.POSITIVE_INFINITY;
  /** The number of unwritten bytes that it returns. */
  busyBytes = 0;
  /** Called after each change. */
  onWrite: () => void = () => undefined;

  get bytes(): number {
    return [...this.files.values()].reduce((sum, { length }) => sum + length, 0);
  }

  create(name: string): SpoolWriter {
    this.#set(name, Buffer.alloc(0));
    return this.#writer(name);
  }

  async extend(name: string): Promise<SpoolWriter> {
    if (!this.files.has(name)) this.#set(name, Buffer.alloc(0));
    return this.#writer(name);
  }

  async write(name: string, bytes: Buffer): Promise<SpooledFile> {
    this.#set(name, bytes);
    return this.#spooled(name);
  }

  async cut(name: string, keepBytes: number, patch?: { atByte: number; page: Buffer }): Promise<SpooledFile> {
    const bytes = Buffer.from(this.bytesOf(name).subarray(0, keepBytes));
    patch?.page.copy(bytes, patch.atByte);
    return await this.write(name, bytes);
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.files.get(name);
  }

  async find(name: string): Promise<SpooledFile | undefined> {
    return this.files.has(name) ? this.#spooled(name) : undefined;
  }

  async names(): Promise<string[]> {
    return [...this.files.keys()];
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
    this.onWrite();
  }

  async restore(): Promise<string[]> {
    return []; // nobody deletes anything
  }

  async freeBytes(): Promise<number> {
    return this.free;
  }

  async close(): Promise<void> {
    // Memory has no folder to give back.
  }

  bytesOf(name: string): Buffer {
    const bytes = this.files.get(name);
    if (bytes === undefined) throw new Error(`${name} was never created`);
    return bytes;
  }

  #set(name: string, bytes: Buffer): void {
    this.files.set(name, bytes);
    this.onWrite();
  }

  /** Appends in place, with room to grow, so long files need no copies. */
  #writer(name: string): SpoolWriter {
    const spool = this;
    let last = 0;
    let room = Buffer.from(this.bytesOf(name));
    return {
      failure: undefined,
      get waitingBytes() {
        return spool.busyBytes;
      },
      append: (bytes) => {
        const { length } = this.bytesOf(name);
        if (length + bytes.length > room.length) {
          room = Buffer.concat([this.bytesOf(name), Buffer.alloc(length + bytes.length + 1_000)]);
        }
        bytes.copy(room, length);
        last = bytes.length;
        this.#set(name, room.subarray(0, length + bytes.length));
      },
      replaceLast: (bytes) => {
        if (bytes.length !== last) throw new RangeError(`${bytes.length} bytes cannot replace ${last}`);
        room = Buffer.concat([this.bytesOf(name).subarray(0, -last), bytes]);
        this.#set(name, room);
      },
      synced: async () => undefined,
      close: async () => this.#spooled(name),
    };
  }

  #spooled(name: string): SpooledFile {
    const bytes = this.bytesOf(name);
    return { name, path: name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
}
