import type { SpooledFile } from "./spool.ts";

/** The final place of a job's files. */
export interface Storage {
  /**
   * Checks before the call is joined that the place is writable and has no recording of this job.
   *
   * @throws InputError that names the place and what is wrong
   * @throws JobError `auth_failure` if the credentials are refused, `network_loss` if it does not answer
   */
  check(): Promise<void>;
  /** The stable address of one of the job's files. */
  uriOf(name: string): string;
  /**
   * Stores a file under its name, replaces an existing one, and verifies size and hash; resolves only then.
   *
   * @throws the error; a StorageError says whether a retry makes sense
   */
  put(file: SpooledFile, contentType: string, options?: PutOptions): Promise<void>;
  /** @returns undefined if the storage has no such file of this job */
  read(name: string): Promise<Buffer | undefined>;
  /**
   * Asks for a file of this job without reading it.
   *
   * @returns false only if the storage says for certain that it has no such file
   * @throws InputError if the folder or bucket of the job is gone; an error of the storage if it does not answer or refuses to
   */
  has(name: string): Promise<boolean>;
  /** Removes one of the job's files. Does nothing if it does not exist. */
  remove(name: string): Promise<void>;
}

export interface PutOptions {
  /** Cancels; a partly stored file is removed again. */
  readonly signal?: AbortSignal;
  /** Called from time to time with the number of stored bytes. */
  readonly onProgress?: (storedBytes: number) => void;
}
