import { constants } from "node:fs";
import { copyFile } from "node:fs/promises";
import { hasCode } from "../../errors.ts";
import { openOwnFile } from "../../own-files.ts";

/** A job of hours writes less than a megabyte at the usual level. */
const MAX_LOG_BYTES = 20_000_000;

/**
 * Keeps a worker's log small: its content moves to `worker.log.1`, and the file is cut to nothing. The worker opened it
 * for appending, so it continues at the new end.
 */
export async function boundLog(path: string, maxBytes = MAX_LOG_BYTES): Promise<void> {
  const file = await openOwnFile(path, constants.O_RDWR).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    if ((await file.stat()).size <= maxBytes) return;
    await copyFile(path, `${path}.1`);
    await file.truncate(0);
  } finally {
    await file.close();
  }
}
