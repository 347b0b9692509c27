import { createHash, randomUUID } from "node:crypto";
import { access, copyFile, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError, messageOf, StorageError } from "../errors.ts";
import { makeFolder, removeIfEmpty } from "../files.ts";
import { MANIFEST_FILE } from "../recording/manifest-builder.ts";
import type { PutOptions, SpooledFile, Storage } from "../recording/ports.ts";

const READ_BYTES = 1 << 18;
/** A full disk takes empty files, so the test file has a size. */
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
      await writeProbe(probe);
    } catch (error) {
      const reason = messageOf(error);
      throw new InputError(`MEETBOT_STORAGE_URI: cannot write to the folder ${this.#directory}: ${reason}`, {
        cause: error,
      });
    } finally {
      // A job that does not start leaves no empty folder.
      if (made) await removeIfEmpty(this.#directory);
    }
  }

  uriOf(name: string): string {
    return pathToFileURL(join(this.#directory, name)).href;
  }

  async put(file: SpooledFile, _contentType: string, { signal, onProgress }: PutOptions = {}): Promise<void> {
    const target = join(this.#directory, file.name);
    const partial = `${target}.partial`;
    signal?.throwIfAborted();
    try {
      await makeFolder(dirname(target));
      // The kernel copies: no byte of it passes through this process.
      await copyFile(file.path, partial);
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

  async remove(name: string): Promise<void> {
    await rm(join(this.#directory, name), { force: true });
  }
}

async function writeProbe(path: string): Promise<void> {
  const handle = await open(path, "wx");
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
    // Whatever keeps it from being seen shows when the folder is written to.
    return false;
  }
}

/** Makes the copy durable and reads it back: what is reported as stored must be what was recorded. */
async function syncAndVerify(path: string, { name, bytes, sha256 }: SpooledFile): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafe(Math.min(Math.max(bytes, 1), READ_BYTES));
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, size);
      if (bytesRead === 0) break;
      size += bytesRead;
      hash.update(chunk.subarray(0, bytesRead));
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

/** Makes the rename itself durable: it lives in the folder's entry. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
