import PQueue from "p-queue";
import { hasCode, isWorthRetry } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Clock } from "../ports/clock.ts";
import type { SpooledFile } from "../ports/spool.ts";
import type { Storage } from "../ports/storage.ts";

/** Uploads at the same time; more would compete with the audio for the machine. */
const CONCURRENCY = 2;
/** Pauses between attempts double from one to the other of these, and are shortened at random by up to half. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** While the recording goes on there is time; once it is over, a file is tried again so often. */
const FINAL_RETRIES = 5;

export interface UploaderOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  /** The storage has the file, verified. */
  readonly onStored: (file: SpooledFile) => Promise<void>;
  /** The local file may have been deleted. @returns whether it was, and is given up */
  readonly onGone: (file: SpooledFile) => Promise<boolean>;
}

/** How far the uploads are; what waits and what is stored add up to what there is so far. */
export interface UploadProgress {
  readonly waitingFiles: number;
  readonly waitingBytes: number;
  readonly storedFiles: number;
  readonly storedBytes: number;
  /** Given up; they stay in the spool. */
  readonly failedFiles: number;
}

export interface UploadFailure {
  readonly name: string;
  readonly error: unknown;
}

/** Brings finished files to the storage, in the background; of those that wait, nothing but their names is held. */
export class Uploader {
  readonly #options: UploaderOptions;
  readonly #queue = new PQueue({ concurrency: CONCURRENCY });
  readonly #abort = new AbortController();
  readonly #failures: UploadFailure[] = [];
  /** Bytes of the files under way that the storage has taken. */
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

  /** Stores a file as soon as others allow. Never throws: see `failures`. */
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

  /** The recording is over: no more waiting for better times. Resolves when each file is stored or has failed. */
  async drain(): Promise<void> {
    this.#final = true;
    this.#wake.abort();
    await this.#queue.onIdle();
  }

  /** Gives up on what is not stored yet. */
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
