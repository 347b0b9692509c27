/** A finished local file. */
export interface SpooledFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** A file that grows. Writes are queued and never throw; a failure that stays makes `synced` and `close` reject. */
export interface SpoolWriter {
  /** What keeps the file from ever being whole, known soon after it happened; undefined while there is nothing. */
  readonly failure: unknown;
  /** Bytes that the system has not taken yet. */
  readonly waitingBytes: number;
  append(bytes: Buffer): void;
  /** Overwrites the end of the file with as many bytes; only the last `append` may be replaced. */
  replaceLast(bytes: Buffer): void;
  /** Resolves when the disk has everything that was appended so far: a loss of power does not take it away. */
  synced(): Promise<void>;
  /** Waits until the system has everything. Idempotent: later calls give the same result. */
  close(): Promise<SpooledFile>;
}

/** Where a job's bytes live until their upload is verified. One process has it at a time. */
export interface Spool {
  /** Whether the disk has refused a write because it has no room. */
  readonly full: boolean;
  /** Bytes of the job's files that are here, as far as they were handed over or found. */
  readonly bytes: number;
  /** Starts a file. If it cannot be made, for example because the name is taken, its `close` rejects. */
  create(name: string): SpoolWriter;
  /** Goes on at the end of a file; makes it if there is none. */
  extend(name: string): Promise<SpoolWriter>;
  /** Writes a whole file at once, in place of one of this name: there is always the old one or the new one. */
  write(name: string, bytes: Buffer): Promise<SpooledFile>;
  /** Cuts a file, after its end was overwritten if a `patch` is given. */
  cut(
    name: string,
    keepBytes: number,
    patch?: { readonly atByte: number; readonly page: Buffer },
  ): Promise<SpooledFile>;
  /** @returns undefined if there is no such file */
  read(name: string): Promise<Buffer | undefined>;
  /** A file of an earlier run, measured again; undefined if there is none. */
  find(name: string): Promise<SpooledFile | undefined>;
  /** Names of all files that are there. */
  names(): Promise<string[]>;
  /** Removes what is verified elsewhere, or of no use. Fine if there is no such file. */
  remove(name: string): Promise<void>;
  /**
   * Makes files again that grow and that somebody has deleted, with all that they held.
   *
   * @returns their names. One that could not be made again has a `failure` then
   */
  restore(): Promise<string[]>;
  /** Bytes that the disk still has room for. */
  freeBytes(): Promise<number>;
  /** Gives the job's folder back; removes it if it is empty. Idempotent. */
  close(): Promise<void>;
}
