import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import PQueue from "p-queue";
import pRetry from "p-retry";
import { hasCode, InputError, JobError, messageOf, StorageError } from "../errors.ts";
import { makeFolder } from "../files.ts";
import { attachmentFileName } from "../recording/attachment-name.ts";
import { CHAT_FILE, EVENTS_FILE, MANIFEST_FILE } from "../recording/manifest-builder.ts";
import { partFileName } from "../recording/speakers.ts";
import { type RecordingStreams, readManifest } from "../recording/verify.ts";
import type { Manifest } from "../session/manifest.ts";

/** Small files wait for the store more than for the network. */
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
  /** Made where it is not there. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DownloadProgress) => void;
}

export interface DownloadReport {
  readonly files: number;
  readonly bytes: number;
  /** Files that were there already, and right. */
  readonly kept: number;
}

/** A file as it has to be. */
interface ExpectedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Brings a finished job's files into a folder. Each stands under a temporary name until its size and hash are those
 * of the manifest, which comes last: where it is there, everything it names is there. What is there and right is kept,
 * so that the next run goes on where one ended; what is there and other is left alone.
 *
 * @throws InputError where the job is not finished, a file is in the way, or the store's copy is not what was recorded
 * @throws JobError where the store refuses the credentials, or does not answer after some attempts
 */
export async function downloadRecording({
  source,
  directory,
  signal,
  onProgress,
}: DownloadOptions): Promise<DownloadReport> {
  const manifest = await readManifest(source);
  const files = [...promisedFiles(manifest), ...(await logFiles(source, manifest))];
  const last = await described(source, MANIFEST_FILE);
  await prepareFolder(directory);
  const wanted = await absentOf([...files, last], directory);

  const all = [...files, last];
  const totalBytes = sumOf(all);
  let bytes = totalBytes - sumOf(wanted);
  let done = all.length - wanted.length;
  const tell = (more: number): void => {
    bytes += more;
    onProgress({ files: done, totalFiles: all.length, bytes, totalBytes });
  };
  const bring = async (file: ExpectedFile): Promise<void> => {
    await fetchFile(file, { source, directory, signal, onBytes: tell });
    done += 1;
    tell(0);
  };

  const queue = new PQueue({ concurrency: AT_ONCE });
  const parts = wanted.filter((file) => file !== last);
  const results = await Promise.allSettled(parts.map((file) => queue.add(() => bring(file), { signal })));
  expectAll(results);
  if (wanted.includes(last)) await bring(last);
  return { files: all.length, bytes: totalBytes, kept: all.length - wanted.length };
}

/** Everything whose size and hash stand in the manifest. */
function promisedFiles({ tracks, attachments = [] }: Manifest): ExpectedFile[] {
  const files = [
    ...tracks.map(({ speakerId, part, bytes, sha256 }) => ({ name: partFileName(speakerId, part), bytes, sha256 })),
    ...attachments.map(({ attachmentId, filename, bytes, sha256 }) => ({
      name: attachmentFileName(attachmentId, filename),
      bytes,
      sha256,
    })),
  ];
  for (const { name } of files) {
    if (/^(?:attachments\/)?[^/\\]+$/.test(name) && !/(?:^|\/)\.\.?$/.test(name)) continue;
    throw new InputError(`${MANIFEST_FILE}: names the file "${name}", which lies outside of the job's folder`);
  }
  return files;
}

/** The manifest does not say what these have to be: they are as the store has them. */
async function logFiles(source: RecordingStreams, { chatUri }: Manifest): Promise<ExpectedFile[]> {
  const names = chatUri === undefined ? [EVENTS_FILE] : [EVENTS_FILE, CHAT_FILE];
  return await Promise.all(names.map((name) => described(source, name)));
}

async function described(source: RecordingStreams, name: string): Promise<ExpectedFile> {
  return { name, ...(await measured(source.stream(name))) };
}

async function measured(stream: AsyncIterable<Buffer>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

async function prepareFolder(directory: string): Promise<void> {
  try {
    await makeFolder(directory);
  } catch (error) {
    throw new InputError(`${directory}: cannot be made a folder for the files: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Those that have to be fetched.
 *
 * @throws InputError naming every file that is there with another content
 */
async function absentOf(files: readonly ExpectedFile[], directory: string): Promise<ExpectedFile[]> {
  const absent: ExpectedFile[] = [];
  const others: string[] = [];
  for (const file of files) {
    const there = await localFile(join(directory, file.name));
    if (there === undefined) absent.push(file);
    else if (there.bytes !== file.bytes || there.sha256 !== file.sha256) others.push(file.name);
  }
  if (others.length === 0) return absent;
  throw new InputError(
    `${directory}: ${others.join(", ")} ${others.length === 1 ? "is" : "are"} there with another content than the job's and left as ${others.length === 1 ? "it is" : "they are"}; remove ${others.length === 1 ? "it" : "them"}, or name another folder`,
  );
}

async function localFile(path: string): Promise<{ bytes: number; sha256: string } | undefined> {
  try {
    return await measured(createReadStream(path));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw new InputError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

interface FetchContext {
  readonly source: RecordingStreams;
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Told how many bytes have come; a negative number takes back those of an attempt that failed. */
  readonly onBytes: (more: number) => void;
}

async function fetchFile(file: ExpectedFile, context: FetchContext): Promise<void> {
  const path = join(context.directory, file.name);
  await makeFolder(dirname(path));
  await pRetry(() => attempt(file, path, context), {
    ...RETRIES,
    signal: context.signal,
    shouldRetry: ({ error }) => isPassing(error),
  });
}

async function attempt(file: ExpectedFile, path: string, { source, signal, onBytes }: FetchContext): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.partial-${randomUUID()}`);
  let come = 0;
  const hash = createHash("sha256");
  const watched = async function* (): AsyncIterable<Buffer> {
    for await (const chunk of source.stream(file.name, signal)) {
      hash.update(chunk);
      come += chunk.length;
      onBytes(chunk.length);
      yield chunk;
    }
  };
  try {
    await pipeline(watched, createWriteStream(partial, { flags: "wx" }), { signal });
    const sha256 = hash.digest("hex");
    if (come !== file.bytes || sha256 !== file.sha256) {
      // It may have been damaged on the way: that is worth another attempt.
      throw new StorageError(
        `${file.name}: the store's copy has ${come} bytes and sha256 ${sha256}, the manifest says ${file.bytes} and ${file.sha256}`,
        true,
      );
    }
    await rename(partial, path);
  } catch (error) {
    onBytes(-come);
    throw error;
  } finally {
    await rm(partial, { force: true });
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof JobError) return error.failureCode === "network_loss";
  return error instanceof StorageError && error.retryable;
}

/** Throws what went wrong; all damaged files at once. */
function expectAll(results: readonly PromiseSettledResult<unknown>[]): void {
  const reasons: unknown[] = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  const [first] = reasons.filter((reason) => !isAboutOneFile(reason));
  if (hasCode(first, "ENOSPC")) {
    throw new InputError(
      "the disk has no room for all files; free some and run it again, which goes on from here, or give a folder on another disk",
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
