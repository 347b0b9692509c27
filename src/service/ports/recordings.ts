import type { Readable } from "node:stream";
import type { RecordingFiles } from "../../session/recording-files.ts";
import type { JobRow } from "../domain/job-row.ts";

export interface RecordingFile {
  /** The path in the recording's folder, such as `manifest.json` or `attachments/1-a.png`. */
  readonly name: string;
  readonly bytes: number;
  readonly mimeType: string;
  /** From the manifest; null if it has none. */
  readonly sha256: string | null;
  readonly uri: string;
  /** The ETag for HTTP, without quotes. It changes if the bytes change. */
  readonly etag: string;
}

/** Addresses that anybody can download files from for a while, in the order of the files. */
export interface Presigned {
  readonly urls: readonly string[];
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface StoredRecording {
  /** The stored JSON, unchanged. */
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly files: readonly RecordingFile[];
}

/** One job's place in a folder or a bucket, to read from and to delete. Names are below the job's own prefix. */
export interface RecordingStorage extends RecordingFiles {
  uriOf(name: string): string;
  /** All objects, whatever their names. A version changes if the bytes change. */
  list(): Promise<readonly { readonly name: string; readonly bytes: number; readonly version: string }[]>;
  /** @returns undefined if there is no such file */
  stat(name: string): Promise<{ readonly bytes: number; readonly version: string } | undefined>;
  stream(name: string, range?: { readonly first: number; readonly last: number }): Promise<Readable>;
  /** Undefined if only the service can read the files. */
  presigned(
    files: readonly { readonly name: string; readonly mimeType: string; readonly disposition: string }[],
    at: number,
  ): Promise<Presigned | undefined>;
  /** With older versions and unfinished uploads. @returns the names of the objects that there were */
  removeAll(signal: AbortSignal): Promise<readonly string[]>;
  /** Whether nothing is left: no object, no older version and no unfinished upload. */
  isEmpty(signal: AbortSignal): Promise<boolean>;
}

/** The session events of jobs, which are the lines of `events.jsonl`. */
export interface SessionEvents {
  /**
   * Some bytes of a job's `events.jsonl`, wherever it is now: in the worker's spool, or in the storage. No worker is
   * asked. Nothing is there before the call, and after the recording was deleted.
   *
   * @param first position of the first byte
   * @throws StorageUnavailableError
   */
  read(job: JobRow, first: number, maxBytes: number): Promise<Buffer>;
}

/** The storage of a recording does not answer, or refuses the service. */
export class StorageUnavailableError extends Error {
  override readonly name = "StorageUnavailableError";
}

/** Reads and deletes the files of recordings, in any storage. */
export interface Recordings {
  /**
   * @returns undefined if there is no manifest
   * @throws StorageUnavailableError
   */
  open(job: JobRow): Promise<StoredRecording | undefined>;
  /**
   * @returns undefined if only the service can read the files
   * @throws StorageUnavailableError
   */
  presign(job: JobRow, files: readonly RecordingFile[]): Promise<Presigned | undefined>;
  /**
   * One file, without a look at the others.
   *
   * @returns undefined if the manifest names no such file, or it is not stored
   * @throws StorageUnavailableError
   */
  file(job: JobRow, name: string): Promise<RecordingFile | undefined>;
  /**
   * Reads a file, or some of its bytes: exactly these, or the stream fails. It also fails if the recording is deleted
   * meanwhile. The caller destroys the stream if it does not read to the end.
   *
   * @param range first and last byte, both included; must be within the file
   * @throws StorageUnavailableError
   */
  read(job: JobRow, file: RecordingFile, range?: { readonly first: number; readonly last: number }): Promise<Readable>;
  /**
   * Deletes every object of the recording and the job's spool on this machine, then checks that nothing is left. Readers
   * of the recording are cut off.
   *
   * @returns how many objects there were
   * @throws StorageUnavailableError
   */
  remove(job: JobRow): Promise<number>;
  /**
   * Makes the report of a recording. Only one is made at a time.
   *
   * @param signal aborted when nobody wants the page any more
   * @returns "busy" if another one is being made; undefined if there is no manifest
   * @throws StorageUnavailableError
   */
  report(
    job: JobRow,
    signal: AbortSignal,
  ): Promise<{ readonly page: Readable; readonly bytes: number } | "busy" | undefined>;
}
