import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { FILE_MODE } from "../../own-files.ts";
import { available } from "./sqlite.ts";

/** SQLITE_BUSY: another process has the lock. */
const BUSY = 5;

/** A lock that this process has. */
export interface FileLock {
  /** Idempotent. The process's end releases it too. */
  release(): void;
}

/**
 * Takes a lock on a file, which is made if it is missing. It is a lock of the operating system, which SQLite takes: it
 * ends with the process, however that ends, and holds between containers of one machine. A process of this program must
 * not open the file by other means, because closing it would release the lock (POSIX, fcntl).
 *
 * @param waitMs how long to wait for another process; the wait blocks this one
 * @returns undefined if another process has the lock
 * @throws StoreUnavailableError if the file cannot be used
 */
export function lockFile(path: string, waitMs: number): FileLock | undefined {
  return available(() => {
    const database = new DatabaseSync(path, { timeout: waitMs });
    try {
      chmodSync(path, FILE_MODE);
      // The transaction stays open and writes nothing.
      database.exec("begin exclusive");
    } catch (error) {
      database.close();
      if (error instanceof Error && Reflect.get(error, "errcode") === BUSY) return undefined;
      throw error;
    }
    return {
      release: () => {
        if (database.isOpen) database.close();
      },
    };
  });
}
