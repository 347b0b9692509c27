import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, copyFile, lstat, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { hasCode, InputError, StorageError } from "../errors.ts";
import { makeFolder, removeIfEmpty } from "../files.ts";
import { FILE_MODE, NEW_FILE, openOwnFile, readOwnFile } from "../own-files.ts";
import type { SpooledFile } from "../recording/ports/spool.ts";
import type { PutOptions, Storage } from "../recording/ports/storage.ts";
import { MANIFEST_FILE, MAX_FILE_BYTES } from "../session/job-files.ts";
import { whyUnwritable } from "../unwritable.ts";
import { expectFolder, expectNoLink, expectNoLinkAbove, jobPath } from "./job-path.ts";

const READ_BYTES = 1 << 18;
/** A full disk accepts empty files, so the test file has contents. */
const PROBE_BYTES = 1 << 16;

/** Stores a job's files in a folder: `<root>/<jobId>/`. */
export class FileStorage implements Storage {
  readonly #directory: string;

  constructor(root: string, jobId: string) {
    this.#directory = join(root, jobId);
  }

  async check(): Promise<void> {
    if (await exists(join(this.#directory, MANIFEST_FILE))) {
      throw new InputError(
        `MEETBOT_JOB_ID: the folder ${this.#directory} holds a finished recording already, expected a job of its own`,
      );
    }
    const probe = join(this.#directory, `.write-test-${randomUUID()}`);
    let made = false;
    try {
      made = await makeFolder(this.#directory);
      await expectNoLink(this.#directory);
      await writeProbe(probe);
    } catch (error) {
      const reason = await whyUnwritable(this.#directory, error);
      throw new InputError(`MEETBOT_STORAGE_URI: cannot write to the folder ${this.#directory}: ${reason}`, {
        cause: error,
      });
    } finally {
      // A job that does not start leaves no empty folder.
      if (made) await removeIfEmpty(this.#directory);
    }
  }

  uriOf(name: string): string {
    return pathToFileURL(name === "" ? this.#directory : jobPath(this.#directory, name)).href;
  }

  async put(file: SpooledFile, _contentType: string, { signal, onProgress }: PutOptions = {}): Promise<void> {
    const target = jobPath(this.#directory, file.name);
    // Nobody can guess the name, so nobody can prepare a file or link there.
    const partial = join(dirname(target), `.${basename(target)}.partial-${randomUUID()}`);
    signal?.throwIfAborted();
    await expectFolder(this.#directory);
    if (file.name.includes("/")) await expectFolder(dirname(target));
    try {
      // The kernel copies the file, so no data passes through this process. The copy has the file's mode, which is
      // 0600.
      await copyFile(file.path, partial, constants.COPYFILE_EXCL);
      await syncAndVerify(partial, file);
      signal?.throwIfAborted();
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    await syncDirectory(dirname(target));
    onProgress?.(file.bytes);
  }

  async read(name: string): Promise<Buffer | undefined> {
    const path = jobPath(this.#directory, name);
    await expectNoLink(this.#directory);
    await expectNoLinkAbove(this.#directory, name);
    try {
      return await readOwnFile(path, MAX_FILE_BYTES);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  async has(name: string): Promise<boolean> {
    const path = jobPath(this.#directory, name);
    try {
      await lstat(path);
      return true;
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    // An unmounted network disk looks like an empty folder.
    if (await exists(this.#directory)) return false;
    throw new InputError(
      `MEETBOT_STORAGE_URI: the folder ${this.#directory} is gone, and with it files that were stored in it; mount its disk, or make the folder again if it was deleted`,
    );
  }

  async remove(name: string): Promise<void> {
    const path = jobPath(this.#directory, name);
    await expectNoLink(this.#directory);
    await expectNoLinkAbove(this.#directory, name);
    await rm(path, { force: true });
  }
}

async function writeProbe(path: string): Promise<void> {
  const handle = await open(path, NEW_FILE, FILE_MODE);
  try {
    await handle.writeFile(Buffer.alloc(PROBE_BYTES, 1));
    await handle.sync();
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Other errors will appear when the folder is written to.
    return false;
  }
}

/** Syncs the copy and reads it back, because a file reported as stored must be what was recorded. */
async function syncAndVerify(path: string, { name, bytes, sha256 }: SpooledFile): Promise<void> {
  const handle = await openOwnFile(path, constants.O_RDWR);
  try {
    await handle.sync();
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafe(Math.min(bytes + 1, READ_BYTES));
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, size);
      size += bytesRead;
      hash.update(chunk.subarray(0, bytesRead));
      // Only the end of a file gives less than was asked for: read(2).
      if (bytesRead < chunk.length) break;
    }
    if (size === bytes && hash.digest("hex") === sha256) return;
    throw new StorageError(
      `${name}: the stored copy has ${size} bytes and another content than the ${bytes} recorded`,
      true,
    );
  } finally {
    await handle.close();
  }
}

/** Makes the rename durable, which is stored in the folder. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
