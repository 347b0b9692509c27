import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { hasCode, TooLongError, UnreadableFileError } from "./errors.ts";

/** Only the owner can read the files that are made here, because they contain voices. */
export const FILE_MODE = 0o600;

/** Creates a new file. It fails if a file or link of this name exists. */
export const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const READ_BYTES = 1 << 20;

/**
 * Opens a file that exists. It refuses links and everything that is not a regular file: opening a pipe would wait forever.
 *
 * @param flags how to open it, `O_RDONLY` or another
 * @throws UnreadableFileError if it is a link, or not a file
 */
export async function openOwnFile(path: string, flags: number): Promise<FileHandle> {
  return await openRegular(path, flags | constants.O_NOFOLLOW);
}

/**
 * Reads a file in a folder of the user's, in which links are fine.
 *
 * @throws UnreadableFileError if it is not a file
 * @throws TooLongError if it has more bytes
 */
export async function readUserFile(path: string, maxBytes: number): Promise<Buffer> {
  return await readAll(await openUserFile(path), path, maxBytes);
}

/**
 * Opens a file in a folder of the user's, to read it bit by bit. A device or a pipe would have no end.
 *
 * @throws UnreadableFileError if it is not a file
 */
export async function openUserFile(path: string): Promise<FileHandle> {
  return await openRegular(path, constants.O_RDONLY);
}

/** Like `readUserFile`, for a file that only we can have made: a link is refused. */
export async function readOwnFile(path: string, maxBytes: number): Promise<Buffer> {
  return await readAll(await openOwnFile(path, constants.O_RDONLY), path, maxBytes);
}

async function openRegular(path: string, flags: number): Promise<FileHandle> {
  const handle = await open(path, flags | constants.O_NONBLOCK, FILE_MODE).catch((error: unknown) => {
    if (hasCode(error, "ELOOP")) {
      throw new UnreadableFileError(`${path} is a link, expected a file; remove the link if you know who made it`, {
        cause: error,
      });
    }
    // open(2): a socket, or a device without a driver.
    if (hasCode(error, "ENXIO")) throw new UnreadableFileError(`${path} is not a file, expected one`, { cause: error });
    throw error;
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new UnreadableFileError(`${path} is not a file, expected one`);
}

/**
 * Like `readOwnFile`, for small files on a disk on which SQLite works at once too. Many processes wait for these notes, and
 * on a busy machine each step of an asynchronous read waits for a thread.
 */
export function readOwnNote(path: string, maxBytes: number): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const info = fstatSync(descriptor);
    if (!info.isFile()) throw new UnreadableFileError(`${path} is not a file, expected one`);
    if (info.size > maxBytes) throw new TooLongError(path, maxBytes);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a small file for another process, which never sees half of it. */
export async function writeNote(path: string, text: string): Promise<void> {
  const draft = `${path}.part`;
  await rm(draft, { force: true });
  const file = await open(draft, NEW_FILE, FILE_MODE);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/** Closes the file too. */
async function readAll(handle: FileHandle, path: string, maxBytes: number): Promise<Buffer> {
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw new TooLongError(path, maxBytes);
    const bytes = Buffer.allocUnsafe(size);
    let done = 0;
    // A file that grows meanwhile is read as long as it was.
    while (done < size) {
      const { bytesRead } = await handle.read(bytes, done, Math.min(size - done, READ_BYTES), done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    await handle.close();
  }
}
