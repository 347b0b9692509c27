import { createHash } from "node:crypto";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { messageOf, StorageError } from "../errors.ts";
import { openOwnFile } from "../own-files.ts";
import type { SpooledFile } from "../recording/ports.ts";

/** A stretch of a file, to be sent in one request. */
export interface Piece {
  readonly bytes: Buffer;
  readonly sha256: Buffer;
}

export function pieceOf(bytes: Buffer): Piece {
  return { bytes, sha256: createHash("sha256").update(bytes).digest() };
}

/**
 * Reads a file piece by piece, one in memory at a time. The last one comes only when the whole file has turned out to
 * be what was recorded; an empty file has one empty piece.
 *
 * @throws StorageError, not worth another attempt, where the file cannot be read or is not what was recorded
 */
export async function* piecesOf(file: SpooledFile, pieceBytes: number): AsyncGenerator<Piece> {
  const handle = await openOwnFile(file.path, constants.O_RDONLY).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const whole = createHash("sha256");
    for (let position = 0; ; position += pieceBytes) {
      const bytes = await readPiece(handle, file, position, Math.min(pieceBytes, file.bytes - position));
      whole.update(bytes);
      const last = position + bytes.length >= file.bytes;
      if (last && whole.digest("hex") !== file.sha256) throw changed(file);
      yield pieceOf(bytes);
      if (last) return;
    }
  } finally {
    await handle.close();
  }
}

async function readPiece(handle: FileHandle, file: SpooledFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle
      .read(buffer, filled, length - filled, position + filled)
      .catch((error: unknown) => {
        throw unreadable(file, error);
      });
    if (bytesRead === 0) throw changed(file);
    filled += bytesRead;
  }
  return buffer;
}

function unreadable({ name }: SpooledFile, error: unknown): StorageError {
  return new StorageError(`${name}: cannot be read from the spool: ${messageOf(error)}`, false, { cause: error });
}

function changed({ name }: SpooledFile): StorageError {
  return new StorageError(`${name}: the file in the spool is not what was recorded`, false);
}
