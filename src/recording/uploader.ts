import PQueue from "p-queue";
import pRetry from "p-retry";
import type { Log, Spool, SpooledFile, Storage } from "./ports.ts";

/** Uploads at the same time; more would compete with the audio for the machine. */
const CONCURRENCY = 2;
const RETRIES = 5;

/** Brings finished files to the storage while the recording goes on. */
export class Uploader {
  readonly #storage: Storage;
  readonly #spool: Spool;
  readonly #log: Log;
  readonly #queue = new PQueue({ concurrency: CONCURRENCY });
  readonly #abort = new AbortController();
  readonly #failures: { name: string; error: unknown }[] = [];

  constructor(storage: Storage, spool: Spool, log: Log) {
    this.#storage = storage;
    this.#spool = spool;
    this.#log = log;
  }

  /** Files that could not be stored; they stay in the spool. */
  get failures(): readonly { name: string; error: unknown }[] {
    return this.#failures;
  }

  /** Uploads, then frees the local copy. Never throws: see `failures`. */
  add(file: SpooledFile, contentType: string): void {
    void this.#queue.add(async () => {
      try {
        await this.#put(file, contentType);
        await this.#spool.remove(file);
      } catch (error) {
        this.#failures.push({ name: file.name, error });
        this.#log.error({ err: error, file: file.name }, "upload failed; the file stays in the spool");
      }
    });
  }

  /** Resolves when nothing is left to upload. */
  drain(): Promise<void> {
    return this.#queue.onIdle();
  }

  /** Gives up on what is not uploaded yet. */
  abort(): void {
    this.#abort.abort(new Error("uploads were abandoned"));
  }

  async #put(file: SpooledFile, contentType: string): Promise<void> {
    const { signal } = this.#abort;
    await pRetry(() => this.#storage.put(file, contentType), {
      retries: RETRIES,
      signal,
      randomize: true,
      onFailedAttempt: ({ error, retriesLeft }) =>
        this.#log.warn({ err: error, file: file.name, retriesLeft }, "upload attempt failed"),
    });
  }
}
