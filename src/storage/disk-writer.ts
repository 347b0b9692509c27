import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { hasCode } from "../errors.ts";
import { FILE_MODE, NEW_FILE, openOwnFile } from "../own-files.ts";
import type { SpooledFile, SpoolWriter } from "../recording/ports.ts";

interface Write {
  readonly bytes: Buffer;
  readonly position: number;
}

export interface DiskWriterOptions {
  readonly name: string;
  readonly path: string;
  /** The disk has no room; there may be some when it resolves. */
  readonly onFull: () => Promise<void>;
  /** Told the file's length, what is still queued included, whenever it changes. */
  readonly onSize: (bytes: number) => void;
  /** What the file holds already, where it may exist. */
  readonly earlier?: Buffer;
}

/** Where a disk is full, writing is tried again so often and so far apart when a file is closed: uploads free room. */
const FULL_RETRIES = 20;
const FULL_PAUSE_MS = 250;

/**
 * Writes in the order of the calls, one at a time, everything that has gathered meanwhile in one go; hashes as it
 * goes. The last `append` stays out of the hash until the next one, because it may be replaced.
 *
 * What a full disk refuses waits and is tried again with the next write, because room may come back; any other
 * failure is final.
 */
export class DiskWriter implements SpoolWriter {
  readonly #name: string;
  readonly #path: string;
  readonly #onFull: () => Promise<void>;
  readonly #onSize: (bytes: number) => void;
  readonly #hash: Hash = createHash("sha256");
  readonly #handle: Promise<FileHandle>;
  #queue: Write[] = [];
  #bytes: number;
  #last: Buffer = Buffer.alloc(0);
  #writing: Promise<void> | undefined;
  #full: unknown;
  #failure: unknown;
  #closed: Promise<SpooledFile> | undefined;

  constructor({ name, path, onFull, onSize, earlier }: DiskWriterOptions) {
    this.#name = name;
    this.#path = path;
    this.#onFull = onFull;
    this.#onSize = onSize;
    this.#bytes = earlier?.length ?? 0;
    onSize(this.#bytes);
    if (earlier !== undefined) this.#hash.update(earlier);
    this.#handle =
      earlier === undefined
        ? open(path, NEW_FILE, FILE_MODE)
        : openOwnFile(path, constants.O_WRONLY | constants.O_CREAT);
    this.#handle.catch((error: unknown) => {
      this.#failure = error;
    });
  }

  append(bytes: Buffer): void {
    this.#hash.update(this.#last);
    this.#last = bytes;
    this.#enqueue({ bytes, position: this.#bytes });
    this.#bytes += bytes.length;
    this.#onSize(this.#bytes);
  }

  replaceLast(bytes: Buffer): void {
    if (bytes.length !== this.#last.length) {
      throw new RangeError(`${this.#name}: ${bytes.length} bytes cannot replace the last ${this.#last.length}`);
    }
    this.#last = bytes;
    this.#enqueue({ bytes, position: this.#bytes - bytes.length });
  }

  async settled(): Promise<void> {
    this.#writing ??= this.#drain();
    await this.#writing;
    const failure = this.#failure ?? this.#full;
    if (failure !== undefined) throw failure;
  }

  close(): Promise<SpooledFile> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #enqueue(write: Write): void {
    if (this.#failure !== undefined) return;
    this.#queue.push(write);
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    this.#full = undefined;
    let batch: Write | undefined;
    try {
      const handle = await this.#handle;
      while (this.#queue.length > 0) {
        batch = takeBatch(this.#queue);
        await writeFully(handle, batch);
      }
    } catch (error) {
      if (isFull(error) && batch !== undefined) {
        this.#full = error;
        this.#queue.unshift(batch);
        await this.#onFull();
      } else {
        this.#failure ??= error;
        this.#queue = [];
      }
    } finally {
      this.#writing = undefined;
    }
  }

  async #close(): Promise<SpooledFile> {
    this.#hash.update(this.#last);
    await this.#writing;
    for (let retry = 0; this.#queue.length > 0 && retry < FULL_RETRIES; retry += 1) {
      if (retry > 0) await setTimeout(FULL_PAUSE_MS);
      await this.#drain();
    }
    const handle = await this.#handle;
    // Not synced: that outlives a kill. What must outlive the machine is stored and synced elsewhere right after.
    await handle.close();
    const failure = this.#failure ?? this.#full;
    if (failure !== undefined) throw failure;
    return { name: this.#name, path: this.#path, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }
}

/** Out of room, or of what a quota allows; a write beyond the longest file allowed (EFBIG) is final. */
function isFull(error: unknown): boolean {
  return hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT");
}

/** Takes the writes that follow each other in the file off the queue's head, as one. However long the queue is, it is moved once. */
function takeBatch(queue: Write[]): Write {
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

/** Writes all of it, however often the kernel takes less. */
export async function writeFully(handle: FileHandle, { bytes, position }: Write): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
