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
  /** What may wait for the disk. A file for which there is no room any more fails. */
  readonly backlog: WriteBacklog;
  /** Whether the file stays open: what it holds can be written again if somebody deletes it. */
  readonly pinned: boolean;
  /** Makes the file's folder again after somebody has deleted it. */
  readonly onDeleted: () => Promise<void>;
  readonly onClosed: () => void;
  /** The disk has no room; there may be some when it resolves. */
  readonly onFull: () => Promise<void>;
  /** Gets the file's length, with what is still queued, whenever it changes. */
  readonly onSize: (bytes: number) => void;
  /** What the file holds already, if it may exist. */
  readonly earlier?: Buffer;
}

/** A full disk and a lack of open files are tried again so often and so far apart when a file is closed. */
const CLOSING_RETRIES = 20;
const CLOSING_PAUSE_MS = 250;
/** A file that the disk has not made yet costs memory too, whatever is in it. */
const UNMADE_BYTES = 8_192;
/** What it holds is read if somebody deletes it. */
const NEW_READABLE = (NEW_FILE & ~constants.O_WRONLY) | constants.O_RDWR;

/**
 * Writes in the order of the calls, one at a time, everything that has gathered meanwhile in one go; hashes as it
 * goes. The last `append` stays out of the hash until the next one, because it may be replaced.
 *
 * What a full disk refuses waits and is tried again with the next write, because room may come back. The same holds
 * while the process has too many files open. Any other failure is final, and so is more than may wait. A file that
 * somebody deletes is made again as long as it is open.
 */
export class DiskWriter implements SpoolWriter {
  readonly #options: DiskWriterOptions;
  readonly #hash: Hash = createHash("sha256");
  /** Whether the file was there once. */
  #made = false;
  #queue: Write[] = [];
  #bytes: number;
  #last: Buffer = Buffer.alloc(0);
  #writing: Promise<void> | undefined;
  /** Bytes that are counted as waiting because the file is not made yet. */
  #unmadeBytes = 0;
  /** What keeps the disk from taking more, for now. */
  #obstacle: unknown;
  #failure: unknown;
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
   * Makes the file again with all that it held, if somebody has deleted it. If it is deleted once more meanwhile, the
   * next call tries again. Anything else that keeps it from being made again is a failure of the file.
   *
   * @returns whether it had been deleted, and was made again or has failed
   */
  async restore(): Promise<boolean> {
    await this.#writing;
    const { path } = this.#options;
    if (this.#closed !== undefined || this.#failure !== undefined || !this.#made || !(await isDeleted(path))) {
      return false;
    }
    // A write that began meanwhile goes to the open file, and is copied with it.
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

  /** @returns whether so many bytes more may wait */
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

  /** What is being written still waits. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    const queued = this.#queue.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#options.backlog.remove(queued);
    this.#queue = [];
  }

  async #close(): Promise<SpooledFile> {
    const { name, path, files, onClosed } = this.#options;
    this.#hash.update(this.#last);
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
    // Not synced: that outlives a kill. What must outlive the machine is stored and synced elsewhere right after.
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

  /** Made once: a file that is gone when it is opened again has lost what it held. */
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

  /** Its folder may be deleted, and not be made again yet. */
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

  /** Never rejects. The system keeps what a deleted file holds as long as it is open. */
  async #restore(): Promise<void> {
    try {
      await this.#use((handle) => this.#makeAgain(handle));
    } catch (error) {
      // Without a file to open, the next look tries again.
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
      // Somebody deletes the folder once more as it is made. The file is still open, so the next look tries again.
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
