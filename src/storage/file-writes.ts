import { type FileHandle, stat } from "node:fs/promises";
import { hasCode } from "../errors.ts";

/** Bytes and their position in a file. */
export interface Write {
  readonly bytes: Buffer;
  readonly position: number;
}

const COPY_BYTES = 1 << 18;

/** Whether the file no longer exists under this name. */
export async function isDeleted(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    // The parent folder may now be a file.
    return hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR");
  }
}

/** Copies a file from its beginning to its end. */
export async function copyContent(from: FileHandle, to: FileHandle): Promise<void> {
  const chunk = Buffer.allocUnsafe(COPY_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await from.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return;
    await writeFully(to, { bytes: chunk.subarray(0, bytesRead), position });
    position += bytesRead;
  }
}

/** The disk or the quota is full; exceeding the maximum file size (EFBIG) is final. */
export function isFull(error: unknown): boolean {
  return hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT");
}

/**
 * Removes consecutive writes from the head of the queue and joins them. The queue is shifted only once, however long it
 * is.
 */
export function takeBatch(queue: Write[]): Write {
  const [first] = queue;
  if (first === undefined) throw new RangeError("nothing to write");
  let end = first.position;
  let count = 0;
  for (const { position, bytes } of queue) {
    if (position !== end) break;
    end += bytes.length;
    count += 1;
  }
  const pieces = queue.splice(0, count).map(({ bytes }) => bytes);
  return { bytes: pieces.length === 1 ? first.bytes : Buffer.concat(pieces), position: first.position };
}

/** Writes everything, even if the kernel accepts less at a time. */
export async function writeFully(handle: FileHandle, { bytes, position }: Write): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
