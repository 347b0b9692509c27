import { createHash } from "node:crypto";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { messageOf, StorageError } from "../errors.ts";
import { openOwnFile } from "../own-files.ts";
import type { SpooledFile } from "../recording/ports/spool.ts";

/** The block size. */
const BLOCK_BYTES = 256 << 10;

/**
 * Reads a file of the spool block by block. The last block comes only after the whole file has been verified.
 *
 * @throws StorageError without retry if the file cannot be read or is not what was recorded
 */
export async function* spooledBytes(file: SpooledFile): AsyncGenerator<Buffer> {
  const handle = await openOwnFile(file.path, constants.O_RDONLY).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const whole = createHash("sha256");
    for (let position = 0; ; ) {
      const bytes = await readBlock(handle, file, position);
      whole.update(bytes);
      position += bytes.length;
      const last = position >= file.bytes;
      if (last && whole.digest("hex") !== file.sha256) throw changed(file);
      yield bytes;
      if (last) return;
    }
  } finally {
    await handle.close();
  }
}

async function readBlock(handle: FileHandle, file: SpooledFile, position: number): Promise<Buffer> {
  const length = Math.min(BLOCK_BYTES, file.bytes - position);
  const { bytesRead, buffer } = await handle
    .read(Buffer.allocUnsafe(length), 0, length, position)
    .catch((error: unknown) => {
      throw unreadable(file, error);
    });
  if (bytesRead === 0 && length > 0) throw changed(file);
  return buffer.subarray(0, bytesRead);
}

function unreadable({ name }: SpooledFile, error: unknown): StorageError {
  return new StorageError(`${name}: cannot be read from the spool: ${messageOf(error)}`, false, { cause: error });
}

function changed({ name }: SpooledFile): StorageError {
  return new StorageError(`${name}: the file in the spool is not what was recorded`, false);
}
