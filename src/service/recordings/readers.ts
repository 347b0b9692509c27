import type { Readable } from "node:stream";

/** The running reads of recordings. A deletion ends them, because nobody may get bytes of a deleted recording. */
export class Readers {
  readonly #open = new Map<string, Set<AbortController>>();

  /** @returns a signal that a deletion aborts; call `done` when nothing is read any more */
  begin(jobId: string): { readonly signal: AbortSignal; readonly done: () => void } {
    const reader = new AbortController();
    const readers = this.#open.get(jobId) ?? new Set();
    this.#open.set(jobId, readers.add(reader));
    const done = (): void => {
      readers.delete(reader);
      if (readers.size === 0) this.#open.delete(jobId);
    };
    return { signal: reader.signal, done };
  }

  /** The stream is a reader until it closes. */
  watch(jobId: string, stream: Readable): Readable {
    const { signal, done } = this.begin(jobId);
    signal.addEventListener("abort", () => stream.destroy(new Error("the recording was deleted")));
    stream.once("close", done);
    return stream;
  }

  end(jobId: string): void {
    for (const reader of this.#open.get(jobId) ?? []) reader.abort();
  }
}
