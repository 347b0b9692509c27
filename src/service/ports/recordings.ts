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
  /** An address in the bucket; null if only the service can read the file. */
  readonly presigned: { readonly url: string; readonly expiresAt: number } | null;
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
  stream(name: string, range?: { readonly first: number; readonly last: number }): Promise<Readable>;
  /** Undefined if only the service can read the file. */
  presigned(
    name: string,
    as: { readonly mimeType: string; readonly disposition: string },
    at: number,
  ): Promise<{ readonly url: string; readonly expiresAt: number } | undefined>;
  /** @returns how many objects there were */
  removeAll(): Promise<number>;
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
   * Reads a file, or some of its bytes. The caller destroys the stream if it does not read to the end.
   *
   * @param range first and last byte, both included; must be within the file
   * @throws StorageUnavailableError
   */
  read(job: JobRow, file: RecordingFile, range?: { readonly first: number; readonly last: number }): Promise<Readable>;
  /**
   * Deletes every object of the recording and the job's spool on this machine, then checks that nothing is left.
   *
   * @returns how many objects there were
   * @throws StorageUnavailableError
   */
  remove(job: JobRow): Promise<number>;
  /**
   * Makes the report of a recording. Only one is made at a time.
   *
   * @returns "busy" if another one is being made; undefined if there is no manifest
   * @throws StorageUnavailableError
   */
  report(job: JobRow): Promise<{ readonly page: Readable; readonly bytes: number } | "busy" | undefined>;
}
