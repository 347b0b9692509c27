import { createHash } from "node:crypto";
import type { Spool, SpooledFile, SpoolWriter } from "../../src/recording/ports.ts";

/** A spool in memory. */
export class MemorySpool implements Spool {
  readonly files = new Map<string, Buffer>();

  create(name: string): SpoolWriter {
    this.files.set(name, Buffer.alloc(0));
    let last = 0;
    return {
      append: (bytes) => {
        last = bytes.length;
        this.files.set(name, Buffer.concat([this.read(name), bytes]));
      },
      replaceLast: (bytes) => {
        if (bytes.length !== last) throw new RangeError(`${bytes.length} bytes cannot replace ${last}`);
        this.files.set(name, Buffer.concat([this.read(name).subarray(0, -last), bytes]));
      },
      close: async () => this.#spooled(name),
    };
  }

  read(name: string): Buffer {
    const bytes = this.files.get(name);
    if (bytes === undefined) throw new Error(`${name} was never created`);
    return bytes;
  }

  async remove(file: SpooledFile): Promise<void> {
    this.files.delete(file.name);
  }

  async close(): Promise<void> {
    // Memory has no folder to give back.
  }

  #spooled(name: string): SpooledFile {
    const bytes = this.read(name);
    return { name, path: name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
}
