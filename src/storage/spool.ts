import { createHash, type Hash } from "node:crypto";
import { constants, existsSync } from "node:fs";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  statfs,
  writeFile,
} from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import { hasCode, InputError, messageOf } from "../errors.ts";
import { JOURNAL_FILE } from "../recording/job-journal.ts";
import type { Spool, SpooledFile, SpoolWriter } from "../recording/ports.ts";
import { LOCK_FILE, SpoolLock } from "./spool-lock.ts";

/**
 * A file that takes up room until the disk is full. Its room is what the ends of the files, the journal and the manifest
 * are written to then.
 */
const RESERVE_FILE = "reserve";
const RESERVE_BYTES = 4_000_000;

/** Whether a process had a folder as a job's, however short. Nothing is made or taken. */
export function isJobFolder(directory: string): boolean {
  return [JOURNAL_FILE, LOCK_FILE, RESERVE_FILE].some((name) => existsSync(join(directory, name)));
}

/** A job's files on the local disk, until their upload is verified. */
export class DiskSpool implements Spool {
  readonly directory: string;
  readonly #lock: SpoolLock;
  /** Bytes of each file, growing ones included. */
  readonly #sizes = new Map<string, number>();
  #full = false;
  #closed: Promise<void> | undefined;

  private constructor(directory: string, lock: SpoolLock) {
    this.directory = directory;
    this.#lock = lock;
  }

  /**
   * Takes a job's folder, which is made where there is none. What an earlier run left in it is still there.
   *
   * @throws InputError where another process has it, or it cannot be made
   */
  static async open(directory: string): Promise<DiskSpool> {
    try {
      await mkdir(directory, { recursive: true });
      const spool = new DiskSpool(directory, await SpoolLock.acquire(directory));
      await writeFile(join(directory, RESERVE_FILE), Buffer.alloc(RESERVE_BYTES));
      return spool;
    } catch (error) {
      if (error instanceof InputError) throw error;
      const reason = messageOf(error);
      throw new InputError(`MEETBOT_SPOOL_DIR: cannot use the folder ${directory}: ${reason}`, { cause: error });
    }
  }

  get full(): boolean {
    return this.#full;
  }

  get bytes(): number {
    return [...this.#sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  create(name: string): SpoolWriter {
    return new DiskWriter(this.#writerOptions(name));
  }

  async extend(name: string): Promise<SpoolWriter> {
    const earlier = await this.read(name);
    return new DiskWriter({ ...this.#writerOptions(name), earlier: earlier ?? Buffer.alloc(0) });
  }

  async write(name: string, bytes: Buffer): Promise<SpooledFile> {
    const partial = `${this.#pathOf(name)}.partial`;
    await mkdir(dirname(partial), { recursive: true });
    const handle = await open(partial, "w");
    try {
      await writeFully(handle, { bytes, position: 0 });
    } finally {
      await handle.close();
    }
    await rename(partial, this.#pathOf(name));
    return this.#spooled(name, bytes);
  }

  async cut(name: string, keepBytes: number, patch?: { atByte: number; page: Buffer }): Promise<SpooledFile> {
    const handle = await open(this.#pathOf(name), "r+");
    try {
      if (patch !== undefined) await writeFully(handle, { bytes: patch.page, position: patch.atByte });
      await handle.truncate(keepBytes);
    } finally {
      await handle.close();
    }
    return this.#spooled(name, await readFile(this.#pathOf(name)));
  }

  async read(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(this.#pathOf(name));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  async find(name: string): Promise<SpooledFile | undefined> {
    const bytes = await this.read(name);
    return bytes === undefined ? undefined : this.#spooled(name, bytes);
  }

  async names(): Promise<string[]> {
    const entries = await readdir(this.directory, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.directory, join(entry.parentPath, entry.name)))
      .filter((name) => name !== LOCK_FILE && name !== RESERVE_FILE);
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
    this.#sizes.delete(name);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    return bavail * bsize;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #useReserve(): Promise<void> {
    this.#full = true;
    await this.remove(RESERVE_FILE);
  }

  async #close(): Promise<void> {
    await this.remove(RESERVE_FILE);
    await this.#lock.release();
    for (const name of await this.#folders()) await removeEmpty(this.#pathOf(name));
    await removeEmpty(this.directory);
  }

  async #folders(): Promise<string[]> {
    try {
      const entries = await readdir(this.directory, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  }

  #writerOptions(name: string): DiskWriterOptions {
    return {
      name,
      path: this.#pathOf(name),
      onFull: () => this.#useReserve(),
      onSize: (bytes) => this.#sizes.set(name, bytes),
    };
  }

  #spooled(name: string, bytes: Buffer): SpooledFile {
    this.#sizes.set(name, bytes.length);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { name, path: this.#pathOf(name), bytes: bytes.length, sha256 };
  }

  #pathOf(name: string): string {
    return join(this.directory, name);
  }
}

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    // What is still in it is to be recovered, and stays.
    if (!hasCode(error, "ENOTEMPTY") && !hasCode(error, "ENOENT")) throw error;
  }
}

interface Write {
  readonly bytes: Buffer;
  readonly position: number;
}

interface DiskWriterOptions {
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
class DiskWriter implements SpoolWriter {
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
    this.#handle = open(path, earlier === undefined ? "wx" : constants.O_WRONLY | constants.O_CREAT);
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
