import { createHash, randomUUID } from "node:crypto";
import { constants, createWriteStream } from "node:fs";
import { rename, rm, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import PQueue from "p-queue";
import pRetry from "p-retry";
import { hasCode, InputError, JobError, messageOf, StorageError, TooLongError } from "../errors.ts";
import { makeFolder } from "../files.ts";
import { FILE_MODE, openOwnFile } from "../own-files.ts";
import {
  attachmentFileName,
  CHAT_FILE,
  EVENTS_FILE,
  MANIFEST_FILE,
  MAX_LOG_BYTES,
  partFileName,
} from "../session/job-files.ts";
import type { Manifest } from "../session/manifest.ts";
import { type RecordingStreams, readManifestFile } from "../session/recording-files.ts";
import { whyUnwritable } from "../unwritable.ts";
import { expectNoLinkAbove, jobPath } from "./job-path.ts";

/** Concurrent downloads, because small files wait more for the storage than for the network. */
const AT_ONCE = 4;
const RETRIES = { retries: 3, minTimeout: 500, randomize: true };

export interface DownloadProgress {
  readonly files: number;
  readonly totalFiles: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface DownloadOptions {
  readonly source: RecordingStreams;
  /** Made if it does not exist. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DownloadProgress) => void;
}

export interface DownloadResult {
  readonly files: number;
  readonly bytes: number;
  /** Files that were already complete. */
  readonly kept: number;
}

/** The expected size and hash of a file. */
interface ExpectedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Downloads a finished job's files into a folder. Each has a temporary name until its size and hash match the manifest.
 * The manifest comes last, so its presence means that all files are complete. The next run keeps complete files, so it
 * continues where the last one stopped. It never touches a file that differs.
 *
 * @throws InputError if the job is not finished, a file is in the way, or the storage's copy is not what was recorded
 * @throws JobError if the storage refuses the credentials, or does not answer after several attempts
 */
export async function downloadRecording({
  source,
  directory,
  signal,
  onProgress,
}: DownloadOptions): Promise<DownloadResult> {
  const { manifest, bytes: manifestBytes } = await readManifestFile(source);
  const files = [...promisedFiles(manifest), ...(await logFiles(source, manifest))];
  const last = { name: MANIFEST_FILE, bytes: manifestBytes.length, sha256: sha256Of(manifestBytes) };
  await prepareFolder(directory);
  const wanted = await absentOf([...files, last], directory);
  await expectRoom(directory, sumOf(wanted));

  const all = [...files, last];
  const totalBytes = sumOf(all);
  let bytes = totalBytes - sumOf(wanted);
  let done = all.length - wanted.length;
  const report = (more: number): void => {
    bytes += more;
    onProgress({ files: done, totalFiles: all.length, bytes, totalBytes });
  };
  const bring = async (file: ExpectedFile): Promise<void> => {
    await fetchFile(file, { source, directory, signal, onBytes: report });
    done += 1;
    report(0);
  };

  const queue = new PQueue({ concurrency: AT_ONCE });
  const parts = wanted.filter((file) => file !== last);
  const results = await Promise.allSettled(parts.map((file) => queue.add(() => bring(file), { signal })));
  expectAll(results);
  if (wanted.includes(last)) await bring(last);
  return { files: all.length, bytes: totalBytes, kept: all.length - wanted.length };
}

/** All files whose size and hash are in the manifest. */
function promisedFiles({ tracks, attachments = [] }: Manifest): ExpectedFile[] {
  return [
    ...tracks.map(({ speakerId, part, bytes, sha256 }) => ({ name: partFileName(speakerId, part), bytes, sha256 })),
    ...attachments.map(({ attachmentId, filename, bytes, sha256 }) => ({
      name: attachmentFileName(attachmentId, filename),
      bytes,
      sha256,
    })),
  ];
}

/** The manifest has no size and hash for these, so they are taken from the storage. */
async function logFiles(source: RecordingStreams, { chatUri }: Manifest): Promise<ExpectedFile[]> {
  const names = chatUri === undefined ? [EVENTS_FILE] : [EVENTS_FILE, CHAT_FILE];
  return await Promise.all(names.map((name) => described(source, name)));
}

async function described(source: RecordingStreams, name: string): Promise<ExpectedFile> {
  return { name, ...(await measured(name, source.stream(name), MAX_LOG_BYTES)) };
}

/** @throws TooLongError if more than `maxBytes` come */
async function measured(
  name: string,
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) throw new TooLongError(name, maxBytes);
  }
  return { bytes, sha256: hash.digest("hex") };
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @throws InputError if the disk has too little space for the files */
async function expectRoom(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= bytes) return;
  throw new InputError(
    `${directory}: the files to fetch have ${gigabytes(bytes)} GB, but ${gigabytes(bavail * bsize)} GB are free there; free some, or name a folder on another disk`,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}

async function prepareFolder(directory: string): Promise<void> {
  try {
    await makeFolder(directory);
  } catch (error) {
    const reason = await whyUnwritable(directory, error);
    throw new InputError(`${directory}: cannot be made a folder for the files: ${reason}`, { cause: error });
  }
}

/**
 * Returns the files to fetch.
 *
 * @throws InputError naming every existing file with different content
 */
async function absentOf(files: readonly ExpectedFile[], directory: string): Promise<ExpectedFile[]> {
  const absent: ExpectedFile[] = [];
  const others: string[] = [];
  for (const file of files) {
    const there = await localSha256(jobPath(directory, file.name), file.bytes);
    if (there === undefined) absent.push(file);
    else if (there !== file.sha256) others.push(file.name);
  }
  if (others.length === 0) return absent;
  throw new InputError(
    `${directory}: ${others.join(", ")} ${others.length === 1 ? "is" : "are"} there with another content than the job's and left as ${others.length === 1 ? "it is" : "they are"}; remove ${others.length === 1 ? "it" : "them"}, or name another folder`,
  );
}

/** Undefined if the file does not exist, and empty if its size differs. */
async function localSha256(path: string, bytes: number): Promise<string | undefined> {
  try {
    const handle = await openOwnFile(path, constants.O_RDONLY);
    if ((await handle.stat()).size === bytes) return (await measured(path, handle.createReadStream(), bytes)).sha256;
    await handle.close();
    return "";
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

interface FetchContext {
  readonly source: RecordingStreams;
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Called with the number of received bytes; a negative number takes back those of a failed attempt. */
  readonly onBytes: (more: number) => void;
}

async function fetchFile(file: ExpectedFile, context: FetchContext): Promise<void> {
  const path = jobPath(context.directory, file.name);
  await makeFolder(dirname(path));
  await expectNoLinkAbove(context.directory, file.name);
  await pRetry(() => attempt(file, path, context), {
    ...RETRIES,
    signal: context.signal,
    shouldRetry: ({ error }) => isPassing(error),
  });
}

async function attempt(file: ExpectedFile, path: string, { source, signal, onBytes }: FetchContext): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.partial-${randomUUID()}`);
  let receivedBytes = 0;
  const hash = createHash("sha256");
  const watched = async function* (): AsyncIterable<Buffer> {
    for await (const chunk of source.stream(file.name, signal)) {
      // The storage sends more than was recorded, so there is no retry.
      if (receivedBytes + chunk.length > file.bytes) {
        throw new StorageError(
          `${file.name}: the storage sends more than the ${file.bytes} bytes that it should have; the transfer was stopped`,
          false,
        );
      }
      hash.update(chunk);
      receivedBytes += chunk.length;
      onBytes(chunk.length);
      yield chunk;
    }
  };
  try {
    await pipeline(watched, createWriteStream(partial, { flags: "wx", mode: FILE_MODE }), { signal });
    const sha256 = hash.digest("hex");
    if (receivedBytes !== file.bytes || sha256 !== file.sha256) {
      // It may have been damaged on the way, which is worth a retry.
      throw new StorageError(
        `${file.name}: the storage's copy has ${receivedBytes} bytes and sha256 ${sha256}, the manifest says ${file.bytes} and ${file.sha256}`,
        true,
      );
    }
    await rename(partial, path);
  } catch (error) {
    onBytes(-receivedBytes);
    throw error;
  } finally {
    await rm(partial, { force: true });
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof JobError) return error.failureCode === "network_loss";
  return error instanceof StorageError && error.retryable;
}

/** Throws the errors; one error names all damaged files. */
function expectAll(results: readonly PromiseSettledResult<unknown>[]): void {
  const reasons: unknown[] = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  const [first] = reasons.filter((reason) => !isAboutOneFile(reason));
  if (hasCode(first, "ENOSPC")) {
    throw new InputError(
      "the disk has no room for all files; free some and run it again, which continues from here, or give a folder on another disk",
      { cause: first },
    );
  }
  if (first !== undefined) throw first;
  if (reasons.length > 0) {
    throw new InputError(
      `not everything could be fetched:\n${reasons.map((reason) => `  - ${messageOf(reason)}`).join("\n")}`,
    );
  }
}

function isAboutOneFile(reason: unknown): boolean {
  return reason instanceof InputError || reason instanceof StorageError;
}

function sumOf(files: readonly ExpectedFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
