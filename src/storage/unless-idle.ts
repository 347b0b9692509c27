import { Readable } from "node:stream";

/**
 * A stream that fails if its source gives nothing for too long while somebody wants to read. Time in which nobody reads
 * does not count: a slow reader is not a fault of the source.
 */
export function unlessIdle(source: Readable, idleMs: number): Readable {
  return Readable.from(chunksOf(source, idleMs), { objectMode: false, highWaterMark: source.readableHighWaterMark });
}

async function* chunksOf(source: Readable, idleMs: number): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => source.destroy(new Error(`no bytes came for ${idleMs / 1_000} s`)), idleMs);
      const next: IteratorResult<Buffer> = await chunks.next().finally(() => clearTimeout(timer));
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    source.destroy();
  }
}
