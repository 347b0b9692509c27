import { DeadlineError, withDeadline } from "../../deadline.ts";
import { JobError, StorageError } from "../../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { SpooledFile } from "../ports/spool.ts";
import type { PutOptions, Storage } from "../ports/storage.ts";

/** The check of a bucket takes up to 30 s, including its retries. */
const CHECK_LIMIT_MS = 40_000;
const REMOVE_LIMIT_MS = 15_000;
const HAS_LIMIT_MS = 15_000;
const READ_LIMIT_MS = 120_000;
/** Time limit for an empty file. Each byte adds to it, at the slowest rate that still counts as progress. */
const PUT_LIMIT_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 100;

/**
 * A storage whose requests always end in time, even if a system call never returns. Such a system call blocks one of
 * Node's few threads, which the spool also needs. So the storage gets no other request until it has returned.
 */
export class BoundedStorage implements Storage {
  readonly #storage: Storage;
  readonly #clock: Pick<Clock, "sleep">;
  /** Requests that were given up and are still running. */
  #hanging = 0;

  constructor(storage: Storage, clock: Pick<Clock, "sleep">) {
    this.#storage = storage;
    this.#clock = clock;
  }

  async check(): Promise<void> {
    try {
      await this.#within(CHECK_LIMIT_MS, undefined, () => this.#storage.check());
    } catch (error) {
      throw error instanceof DeadlineError ? new JobError("network_loss", error.message, { cause: error }) : error;
    }
  }

  uriOf(name: string): string {
    return this.#storage.uriOf(name);
  }

  async put(file: SpooledFile, contentType: string, options: PutOptions = {}): Promise<void> {
    if (this.#hanging > 0) {
      throw new StorageError(`${file.name}: the storage has not answered an earlier request`, false);
    }
    const limitMs = PUT_LIMIT_MS + file.bytes / SLOWEST_BYTES_PER_MS;
    try {
      await this.#within(limitMs, options.signal, (signal) =>
        this.#storage.put(file, contentType, { ...options, signal }),
      );
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new StorageError(`${file.name}: ${error.message}`, false, { cause: error });
    }
  }

  async read(name: string): Promise<Buffer | undefined> {
    return await this.#within(READ_LIMIT_MS, undefined, () => this.#storage.read(name));
  }

  async has(name: string): Promise<boolean> {
    return await this.#within(HAS_LIMIT_MS, undefined, () => this.#storage.has(name));
  }

  async remove(name: string): Promise<void> {
    await this.#within(REMOVE_LIMIT_MS, undefined, () => this.#storage.remove(name));
  }

  async #within<Result>(
    limitMs: number,
    stop: AbortSignal | undefined,
    request: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    let running: Promise<Result> | undefined;
    const started = (signal: AbortSignal): Promise<Result> => {
      running = request(signal);
      return running;
    };
    try {
      return await withDeadline(started, { what: "the storage", limitMs, clock: this.#clock, stop });
    } catch (error) {
      if (error instanceof DeadlineError && running !== undefined) this.#noteHanging(running);
      throw error;
    }
  }

  #noteHanging(running: Promise<unknown>): void {
    this.#hanging += 1;
    const returned = (): void => {
      this.#hanging -= 1;
    };
    running.then(returned, returned);
  }
}
