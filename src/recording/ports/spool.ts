/** A finished local file. */
export interface SpooledFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * A file that is being written. Writes are queued and never throw; a permanent failure makes `synced` and `close`
 * reject.
 */
export interface SpoolWriter {
  /** The error that keeps the file from ever being complete, available soon after it happened; otherwise undefined. */
  readonly failure: unknown;
  /** Bytes not yet written to the system. */
  readonly waitingBytes: number;
  append(bytes: Buffer): void;
  /** Overwrites the end of the file with the same number of bytes; only the last `append` may be replaced. */
  replaceLast(bytes: Buffer): void;
  /** Resolves when everything appended so far is on disk and would survive a loss of power. */
  synced(): Promise<void>;
  /** Waits until everything is written to the system. Idempotent: later calls give the same result. */
  close(): Promise<SpooledFile>;
}

/** Holds a job's files until their upload is verified. Only one process may hold it at a time. */
export interface Spool {
  /** Whether a write has failed because the disk is full. */
  readonly full: boolean;
  /** Total size of the job's files here, including data that is queued. */
  readonly bytes: number;
  /** Starts a file. If it cannot be created, for example because the name is taken, its `close` rejects. */
  create(name: string): SpoolWriter;
  /** Appends to a file; creates it if it does not exist. */
  extend(name: string): Promise<SpoolWriter>;
  /** Replaces a file atomically: either the old or the new one exists at any time. */
  write(name: string, bytes: Buffer): Promise<SpooledFile>;
  /** Truncates a file, after overwriting its new end with `patch` if given. */
  cut(
    name: string,
    keepBytes: number,
    patch?: { readonly atByte: number; readonly page: Buffer },
  ): Promise<SpooledFile>;
  /** @returns undefined if there is no such file */
  read(name: string): Promise<Buffer | undefined>;
  /** Measures a file of an earlier run again; undefined if it does not exist. */
  find(name: string): Promise<SpooledFile | undefined>;
  /** The names of the job's files. Files that cannot be the job's are left out. */
  names(): Promise<string[]>;
  /** Removes a file that is stored or useless. Does nothing if it does not exist. */
  remove(name: string): Promise<void>;
  /**
   * Creates open files again that were deleted, with all their contents.
   *
   * @returns their names. A file that could not be created again has a `failure` then
   */
  restore(): Promise<string[]>;
  /** The free space of the disk in bytes. */
  freeBytes(): Promise<number>;
  /** Releases the job's folder, and removes it if it is empty. Idempotent. */
  close(): Promise<void>;
}
