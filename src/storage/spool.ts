import { createHash, type Hash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode, InputError, messageOf } from "../errors.ts";
import type { Spool, SpooledFile, SpoolWriter } from "../recording/ports.ts";

/** A job's files on the local disk, until their upload is verified. */
export class DiskSpool implements Spool {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * @throws InputError where the folder holds what an earlier run of the job left, or cannot be made
   */
  static async open(directory: string): Promise<DiskSpool> {
    let left: string[];
    try {
      await mkdir(directory, { recursive: true });
      left = await readdir(directory);
    } catch (error) {
      const reason = messageOf(error);
      throw new InputError(`MEETBOT_SPOOL_DIR: cannot make the folder ${directory}: ${reason}`, { cause: error });
    }
    const [first] = left;
    if (first !== undefined) {
      throw new InputError(
        `MEETBOT_SPOOL_DIR: ${directory} holds ${first} of an earlier run of this job, expected no such folder; take another MEETBOT_JOB_ID, or move the files away`,
      );
    }
    return new DiskSpool(directory);
  }

  get directory(): string {
    return this.#directory;
  }

  create(name: string): SpoolWriter {
    return new DiskWriter(name, join(this.#directory, name));
  }

  async remove(file: SpooledFile): Promise<void> {
    await rm(file.path, { force: true });
  }

  async close(): Promise<void> {
    try {
      await rmdir(this.#directory);
    } catch (error) {
      // What is still in it was not uploaded, and stays.
      if (!hasCode(error, "ENOTEMPTY") && !hasCode(error, "ENOENT")) throw error;
    }
  }
}

interface Write {
  readonly bytes: Buffer;
  readonly position: number;
}

/**
 * Writes in the order of the calls, one at a time, everything that has gathered meanwhile in one go; hashes as it
 * goes. The last `append` stays out of the hash until the next one, because it may be replaced.
 */
class DiskWriter implements SpoolWriter {
  readonly #name: string;
  readonly #path: string;
  readonly #hash: Hash = createHash("sha256");
  readonly #handle: Promise<FileHandle>;
  #queue: Write[] = [];
  #bytes = 0;
  #last: Buffer = Buffer.alloc(0);
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #closed: Promise<SpooledFile> | undefined;

  constructor(name: string, path: string) {
    this.#name = name;
    this.#path = path;
    this.#handle = open(path, "wx");
    this.#handle.catch((error: unknown) => {
      this.#failure = error;
    });
  }

  append(bytes: Buffer): void {
    this.#hash.update(this.#last);
    this.#last = bytes;
    this.#enqueue({ bytes, position: this.#bytes });
    this.#bytes += bytes.length;
  }

  replaceLast(bytes: Buffer): void {
    if (bytes.length !== this.#last.length) {
      throw new RangeError(`${this.#name}: ${bytes.length} bytes cannot replace the last ${this.#last.length}`);
    }
    this.#last = bytes;
    this.#enqueue({ bytes, position: this.#bytes - bytes.length });
  }

  close(): Promise<SpooledFile> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #enqueue(write: Write): void {
    this.#queue.push(write);
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    try {
      const handle = await this.#handle;
      while (this.#queue.length > 0) {
        const batch = takeBatch(this.#queue);
        await writeFully(handle, batch);
      }
    } catch (error) {
      this.#failure ??= error;
      this.#queue = [];
    } finally {
      this.#writing = undefined;
    }
  }

  async #close(): Promise<SpooledFile> {
    this.#hash.update(this.#last);
    await this.#writing;
    const handle = await this.#handle;
    // Not synced: that outlives a kill. What must outlive the machine is stored and synced elsewhere right after.
    await handle.close();
    if (this.#failure !== undefined) throw this.#failure;
    return { name: this.#name, path: this.#path, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }
}

/** Takes the writes that follow each other in the file off the queue's head, as one. */
function takeBatch(queue: Write[]): Write {
  const first = queue.shift();
  if (first === undefined) throw new RangeError("nothing to write");
  const pieces = [first.bytes];
  let end = first.position + first.bytes.length;
  for (let next = queue[0]; next !== undefined && next.position === end; next = queue[0]) {
    pieces.push(next.bytes);
    end += next.bytes.length;
    queue.shift();
  }
  return { bytes: pieces.length === 1 ? first.bytes : Buffer.concat(pieces), position: first.position };
}

async function writeFully(handle: FileHandle, { bytes, position }: Write): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
