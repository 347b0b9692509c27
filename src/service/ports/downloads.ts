import type { Readable } from "node:stream";
import type { DownloadFile, DownloadKind, DownloadState } from "../domain/downloads.ts";
import type { JobRow } from "../domain/job-row.ts";

/** Files that are made of recordings when somebody wants them, and are kept for a while. */
export interface Downloads {
  states(job: JobRow): Promise<Readonly<Record<DownloadKind, DownloadState>>>;
  /**
   * Begins to make a download, unless it is there or on its way. Returns at once.
   *
   * @returns false if too many wait already
   */
  begin(job: JobRow, kind: DownloadKind): Promise<boolean>;
  /** @returns undefined if there is no such file */
  file(job: JobRow, kind: DownloadKind, name: string): Promise<OpenDownload | undefined>;
  /** Ends what is being made or read, and deletes all. Called when the recording is deleted. */
  remove(jobId: string): Promise<void>;
}

export interface OpenDownload extends DownloadFile {
  /** It changes if the bytes change. */
  readonly etag: string;
  /** @param range first and last byte, both included */
  read(range?: { readonly first: number; readonly last: number }): Promise<Readable>;
}

export interface DownloadTask {
  readonly kind: DownloadKind;
  readonly job: JobRow;
  /** Where to make a folder with the files. Nothing is there yet. */
  readonly target: string;
  readonly signal: AbortSignal;
  /** @param progress from 0 to 1 */
  readonly onProgress: (progress: number) => void;
}

/** Makes downloads, outside the service's own process: decoding hours of sound must keep nobody waiting. */
export interface DownloadMaker {
  /** @throws DownloadError with a sentence for people */
  make(task: DownloadTask): Promise<void>;
}

/** The message is a sentence for people. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
}
