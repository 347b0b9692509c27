import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { hasCode } from "../errors.ts";
import { FILE_MODE, NEW_FILE, openOwnFile } from "../own-files.ts";
import type { SpooledFile, SpoolWriter } from "../recording/ports/spool.ts";
import { copyContent, isDeleted, isFull, takeBatch, type Write, writeFully } from "./file-writes.ts";
import { isOutOfFiles, type OpenFiles } from "./open-files.ts";
import type { WriteBacklog } from "./write-backlog.ts";

export interface DiskWriterOptions {
  readonly name: string;
  readonly path: string;
  readonly files: OpenFiles;
  /** The limit for data that waits for the disk. A file that exceeds it fails. */
  readonly backlog: WriteBacklog;
  /** Whether the file stays open, so its contents can be written again if it is deleted. */
  readonly pinned: boolean;
  /** Creates the file's folder again after it was deleted. */
  readonly onDeleted: () => Promise<void>;
  readonly onClosed: () => void;
  /** Called when the disk is full; there may be space again when it resolves. */
  readonly onFull: () => Promise<void>;
  /** Called with the file's length, including queued data, whenever it changes. */
  readonly onSize: (bytes: number) => void;
  /** The existing contents of the file, if it may exist. */
  readonly earlier?: Buffer;
}

/**
 * When a file is closed, a write is retried this often and at this interval if the disk is full or too many files are
 * open.
 */
const CLOSING_RETRIES = 20;
const CLOSING_PAUSE_MS = 250;
/** A file that is not created yet also uses memory, whatever its contents. */
const UNMADE_BYTES = 8_192;
/** It is also opened for reading, because its contents are read if it is deleted. */
const NEW_READABLE = (NEW_FILE & ~constants.O_WRONLY) | constants.O_RDWR;

/**
 * Writes in call order, one write at a time, and joins data that was queued meanwhile; hashes along the way. The last
 * `append` is not hashed until the next one, because it may be replaced.
 *
 * Data that a full disk refuses is retried with the next write, because space may be freed. The same applies while the
 * process has too many files open. Any other failure is final, and so is exceeding the limit of waiting data. A deleted
 * file is created again as long as it is open.
 */
export class DiskWriter implements SpoolWriter {
  readonly #options: DiskWriterOptions;
  readonly #hash: Hash = createHash("sha256");
  /** Whether the file has been created. */
  #made = false;
  #queue: Write[] = [];
  #bytes: number;
  #last: Buffer = Buffer.alloc(0);
  #writing: Promise<void> | undefined;
  /** Bytes that count as waiting because the file is not created yet. */
  #unmadeBytes = 0;
  /** The temporary error that stops writing. */
  #obstacle: unknown;
  #failure: unknown;
  #restoring: Promise<boolean> | undefined;
  #closed: Promise<SpooledFile> | undefined;

  constructor(options: DiskWriterOptions) {
    const { earlier, onSize } = options;
    this.#options = options;
    this.#bytes = earlier?.length ?? 0;
    onSize(this.#bytes);
    if (earlier !== undefined) this.#hash.update(earlier);
    if (this.#wait(UNMADE_BYTES)) this.#unmadeBytes = UNMADE_BYTES;
    this.#writing = this.#drain();
  }

  get name(): string {
    return this.#options.name;
  }

  get failure(): unknown {
    return this.#failure;
  }

  get waitingBytes(): number {
    return this.#options.backlog.bytes;
  }

  append(bytes: Buffer): void {
    this.#hash.update(this.#last);
    this.#last = bytes;
    this.#enqueue({ bytes, position: this.#bytes });
    this.#bytes += bytes.length;
    this.#options.onSize(this.#bytes);
  }

  replaceLast(bytes: Buffer): void {
    if (bytes.length !== this.#last.length) {
      const { name } = this.#options;
      throw new RangeError(`${name}: ${bytes.length} bytes cannot replace the last ${this.#last.length}`);
    }
    this.#last = bytes;
    this.#enqueue({ bytes, position: this.#bytes - bytes.length });
  }

  async synced(): Promise<void> {
    this.#writing ??= this.#drain();
    await this.#writing;
    this.#throwIfRefused();
    await this.#use((handle) => handle.datasync());
  }

  /**
   * Creates the file again with all its contents if it was deleted. If it is deleted again meanwhile, the next call
   * retries. Any other error is a failure of the file.
   *
   * @returns whether it had been deleted, and was created again or has failed
   */
  restore(): Promise<boolean> {
    this.#restoring ??= this.#restoreIfDeleted().finally(() => {
      this.#restoring = undefined;
    });
    return this.#restoring;
  }

  async #restoreIfDeleted(): Promise<boolean> {
    await this.#writing;
    const { path } = this.#options;
    if (this.#closed !== undefined || this.#failure !== undefined || !this.#made || !(await isDeleted(path))) {
      return false;
    }
    // A write that began meanwhile goes to the open file, and is copied too.
    while (this.#writing !== undefined) await this.#writing;
    this.#writing = this.#restore().finally(() => {
      this.#writing = undefined;
      if (this.#queue.length > 0) this.#writing = this.#drain();
    });
    await this.#writing;
    return this.#failure !== undefined || !(await isDeleted(path));
  }

  close(): Promise<SpooledFile> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #enqueue(write: Write): void {
    if (this.#failure !== undefined || !this.#wait(write.bytes.length)) return;
    this.#queue.push(write);
    this.#writing ??= this.#drain();
  }

  /** @returns whether this many more bytes may wait */
  #wait(bytes: number): boolean {
    const { backlog, name } = this.#options;
    if (backlog.add(bytes)) return true;
    this.#fail(new Error(`the disk is too slow: too many bytes wait for ${name}`));
    return false;
  }

  /** Never rejects. */
  async #drain(): Promise<void> {
    this.#obstacle = undefined;
    let batch: Write | undefined;
    try {
      await this.#use(async (handle) => {
        while (this.#queue.length > 0) {
          batch = takeBatch(this.#queue);
          await writeFully(handle, batch);
          this.#options.backlog.remove(batch.bytes.length);
          batch = undefined;
        }
      });
    } catch (error) {
      const isPassing = isFull(error) || isOutOfFiles(error);
      if (batch !== undefined) this.#putBack(batch);
      if (!isPassing) this.#fail(error);
      else {
        this.#obstacle = error;
        if (isFull(error)) await this.#options.onFull();
      }
    } finally {
      this.#writing = undefined;
    }
  }

  #putBack(batch: Write): void {
    if (this.#failure === undefined) this.#queue.unshift(batch);
    else this.#options.backlog.remove(batch.bytes.length);
  }

  /** Data that is being written still counts as waiting. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    const queued = this.#queue.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#options.backlog.remove(queued);
    this.#queue = [];
  }

  async #close(): Promise<SpooledFile> {
    const { name, path, files, onClosed } = this.#options;
    this.#hash.update(this.#last);
    await this.#restoring;
    await this.#writing;
    for (let retry = 0; this.#isUnfinished() && retry < CLOSING_RETRIES; retry += 1) {
      if (retry > 0) await setTimeout(CLOSING_PAUSE_MS);
      await this.#drain();
    }
    for (let retry = 0; this.#failure === undefined && this.#made && (await isDeleted(path)); retry += 1) {
      if (retry === CLOSING_RETRIES) this.#fail(new Error(`${name} was deleted each time it had been made again`));
      else if (retry > 0) await setTimeout(CLOSING_PAUSE_MS);
      await this.#restore();
    }
    // The file is not synced, which is enough to survive a kill. Data that must survive the machine is stored elsewhere
    // right after this.
    await files.close(path);
    this.#forgetUnmade();
    onClosed();
    this.#throwIfRefused();
    return { name, path, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  #isUnfinished(): boolean {
    return this.#failure === undefined && (this.#queue.length > 0 || !this.#made);
  }

  #throwIfRefused(): void {
    const error = this.#failure ?? this.#obstacle;
    if (error !== undefined) throw error;
  }

  async #use<Result>(act: (handle: FileHandle) => Promise<Result>): Promise<Result> {
    const { path, files, pinned } = this.#options;
    return await files.use({ path, pinned, open: () => this.#open() }, act);
  }

  /** The file is created only once: if it is gone when it is reopened, its contents are lost. */
  async #open(): Promise<FileHandle> {
    const { path, earlier } = this.#options;
    const isNew = !this.#made && earlier === undefined;
    const { O_RDWR, O_CREAT } = constants;
    const handle = isNew ? await this.#openNew() : await openOwnFile(path, this.#made ? O_RDWR : O_RDWR | O_CREAT);
    this.#made = true;
    this.#forgetUnmade();
    return handle;
  }

  #forgetUnmade(): void {
    this.#options.backlog.remove(this.#unmadeBytes);
    this.#unmadeBytes = 0;
  }

  /** Its folder may be deleted and not created again yet. */
  async #openNew(): Promise<FileHandle> {
    const { path, onDeleted } = this.#options;
    try {
      return await open(path, NEW_READABLE, FILE_MODE);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
      await onDeleted();
      return await open(path, NEW_READABLE, FILE_MODE);
    }
  }

  /** Never rejects. The system keeps a deleted file's contents as long as it is open. */
  async #restore(): Promise<void> {
    try {
      await this.#use((handle) => this.#makeAgain(handle));
    } catch (error) {
      // If there is no file to open, the next check tries again.
      if (!isOutOfFiles(error)) this.#fail(error);
    }
  }

  async #makeAgain(deleted: FileHandle): Promise<void> {
    const { path, files, onDeleted } = this.#options;
    let copy: FileHandle;
    try {
      await onDeleted();
      copy = await open(path, NEW_READABLE, FILE_MODE);
    } catch (error) {
      // The folder was deleted again while it was created. The file is still open, so the next check tries again.
      if (hasCode(error, "ENOENT")) return;
      throw error;
    }
    try {
      await copyContent(deleted, copy);
    } catch (error) {
      await copy.close();
      throw error;
    }
    await files.replace(path, copy);
  }
}
