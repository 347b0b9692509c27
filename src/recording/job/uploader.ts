import PQueue from "p-queue";
import { hasCode, isWorthRetry } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Clock } from "../ports/clock.ts";
import type { SpooledFile } from "../ports/spool.ts";
import type { Storage } from "../ports/storage.ts";

/** Concurrent uploads; more would compete with the audio for the machine. */
const CONCURRENCY = 2;
/** The pause between attempts doubles from the first value to the second, and is shortened at random by up to half. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Retries per file after the recording is over; during the recording there is no limit. */
const FINAL_RETRIES = 5;

export interface UploaderOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the storage has verified the file. */
  readonly onStored: (file: SpooledFile) => Promise<void>;
  /** Called when the local file may have been deleted. @returns true if it was, and is given up */
  readonly onGone: (file: SpooledFile) => Promise<boolean>;
}

/** Upload progress; waiting and stored add up to all files so far. */
export interface UploadProgress {
  readonly waitingFiles: number;
  readonly waitingBytes: number;
  readonly storedFiles: number;
  readonly storedBytes: number;
  /** Files that were given up; they stay in the spool. */
  readonly failedFiles: number;
}

export interface UploadFailure {
  readonly name: string;
  readonly error: unknown;
}

/** Uploads finished files in the background. Only the names of waiting files are in memory. */
export class Uploader {
  readonly #options: UploaderOptions;
  readonly #queue = new PQueue({ concurrency: CONCURRENCY });
  readonly #abort = new AbortController();
  readonly #failures: UploadFailure[] = [];
  /** Bytes of the running uploads that the storage has received. */
  readonly #partial = new Map<string, number>();
  #waiting = { files: 0, bytes: 0 };
  #stored = { files: 0, bytes: 0 };
  #final = false;
  /** Ends the pauses between attempts. */
  #wake = new AbortController();

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** Files that could not be stored; they stay in the spool. */
  get failures(): readonly UploadFailure[] {
    return this.#failures;
  }

  get progress(): UploadProgress {
    const partial = [...this.#partial.values()].reduce((sum, bytes) => sum + bytes, 0);
    return {
      waitingFiles: this.#waiting.files,
      waitingBytes: this.#waiting.bytes - partial,
      storedFiles: this.#stored.files,
      storedBytes: this.#stored.bytes + partial,
      failedFiles: this.#failures.length,
    };
  }

  /** Queues a file for upload. Never throws: see `failures`. */
  add(file: SpooledFile, contentType: string): void {
    this.#waiting.files += 1;
    this.#waiting.bytes += file.bytes;
    void this.#queue.add(async () => {
      try {
        if (!(await this.#store(file, contentType))) return;
        this.#stored.files += 1;
        this.#stored.bytes += file.bytes;
        await this.#options.onStored(file);
      } catch (error) {
        this.#failures.push({ name: file.name, error });
        this.#options.log.error({ err: error, file: file.name }, "upload failed; the file stays in the spool");
      } finally {
        this.#partial.delete(file.name);
        this.#waiting.files -= 1;
        this.#waiting.bytes -= file.bytes;
      }
    });
  }

  /** Call when the recording is over: long pauses end. Resolves when each file is stored or has failed. */
  async drain(): Promise<void> {
    this.#final = true;
    this.#wake.abort();
    await this.#queue.onIdle();
  }

  /** Gives up all files that are not stored yet. */
  abort(): void {
    this.#abort.abort(new Error("uploads were abandoned"));
    this.#wake.abort();
  }

  /** @returns false if the file is gone */
  async #store(file: SpooledFile, contentType: string): Promise<boolean> {
    const { storage, clock, log, onGone } = this.#options;
    const { signal } = this.#abort;
    let finalFailures = 0;
    for (let failures = 1; ; failures += 1) {
      signal.throwIfAborted();
      const final = this.#final;
      try {
        const onProgress = (bytes: number): void => void this.#partial.set(file.name, bytes);
        await storage.put(file, contentType, { signal, onProgress });
        return true;
      } catch (error) {
        signal.throwIfAborted();
        if (hasCode(error, "ENOENT") && (await onGone(file))) return false;
        if (final) finalFailures += 1;
        if (finalFailures > FINAL_RETRIES || (final && !isWorthRetry(error))) throw error;
        log.warn({ err: error, file: file.name, failures }, "upload attempt failed; it is tried again");
      }
      this.#partial.delete(file.name);
      await this.#pause(final ? finalFailures : failures, clock);
    }
  }

  /** The pause before retry number `retry`; ends at once if the recording ends meanwhile. */
  async #pause(retry: number, clock: Clock): Promise<void> {
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (retry - 1));
    await clock.sleep(longestMs * (1 - Math.random() / 2), this.#wake.signal);
  }
}
