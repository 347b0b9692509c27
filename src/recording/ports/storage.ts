import type { SpooledFile } from "./spool.ts";

/** Where a job's files end up. */
export interface Storage {
  /**
   * Proves that the place can be written to and holds no recording of this job, before the call is joined.
   *
   * @throws InputError that names the place and what is wrong
   * @throws JobError `auth_failure` if the credentials are refused, `network_loss` if nobody answers
   */
  check(): Promise<void>;
  /** Stable address of a file of this job. */
  uriOf(name: string): string;
  /**
   * Stores a file under its name, over one that is there, and verifies size and hash; resolves only then.
   *
   * @throws whatever went wrong; a StorageError says whether another attempt makes sense
   */
  put(file: SpooledFile, contentType: string, options?: PutOptions): Promise<void>;
  /** @returns undefined if the storage has no such file of this job */
  read(name: string): Promise<Buffer | undefined>;
  /** Removes a file of this job. Fine if there is none. */
  remove(name: string): Promise<void>;
}

export interface PutOptions {
  /** Gives up; what is half stored is taken away again. */
  readonly signal?: AbortSignal;
  /** Called now and then with the number of bytes that are stored. */
  readonly onProgress?: (storedBytes: number) => void;
}
