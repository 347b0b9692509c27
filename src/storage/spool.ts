import { createHash, randomUUID } from "node:crypto";
import { constants, type Dirent, existsSync, readdirSync } from "node:fs";
import { open, readdir, rename, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { hasCode, InputError } from "../errors.ts";
import { makeFolder, removeIfEmpty } from "../files.ts";
import { FILE_MODE, NEW_FILE, openOwnFile, readOwnFile } from "../own-files.ts";
import type { Spool, SpooledFile, SpoolWriter } from "../recording/ports/spool.ts";
import {
  isPartFile,
  JOURNAL_FILE,
  LOCK_FILE,
  MANIFEST_FILE,
  MAX_FILE_BYTES,
  PROVISIONAL_FILE,
  RESERVE_FILE,
} from "../session/job-files.ts";
import { whyUnwritable } from "../unwritable.ts";
import { DiskWriter, type DiskWriterOptions } from "./disk-writer.ts";
import { writeFully } from "./file-writes.ts";
import { expectNoLinkAbove, isJobFileName, jobPath } from "./job-path.ts";
import { OpenFiles } from "./open-files.ts";
import { expectOwnFolder } from "./own-folder.ts";
import { SpoolLock } from "./spool-lock.ts";
import { WriteBacklog } from "./write-backlog.ts";

/** The space that the ends of the files, the journal and the manifest need when the disk is full. */
const RESERVE_BYTES = 4_000_000;
/**
 * The limits for data that waits for the disk, for one file and for all speakers' files. 25 people who speak at once
 * send 200 KB a second, so the disk may stall for more than a minute.
 */
const FILE_BACKLOG_BYTES = 4_000_000;
const AUDIO_BACKLOG_BYTES = 16_000_000;
/**
 * The same for a log or the journal, without which there is no recording. One dispatch of 8 MiB can be the state of a stage
 * with thousands of people, each of them a line or two.
 */
const LOG_BACKLOG_BYTES = 16_000_000;
const WRITING_RETRIES = 5;

/** Whether a process ever used a folder for a job. Changes nothing. */
export function isJobFolder(directory: string): boolean {
  if ([JOURNAL_FILE, LOCK_FILE, RESERVE_FILE].some((name) => existsSync(join(directory, name)))) return true;
  // If only the journal is lost, the audio still shows that it is a job. A folder of the storage has a manifest next to
  // its audio.
  const names = namesIn(directory);
  return names.some(isPartFile) && !names.includes(MANIFEST_FILE) && !names.includes(PROVISIONAL_FILE);
}

/** No names if it is not a folder or not readable. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].some((code) => hasCode(error, code))) return [];
    throw error;
  }
}

/** A job's files on the local disk, until their upload is verified. */
export class DiskSpool implements Spool {
  readonly directory: string;
  readonly #lock: SpoolLock;
  /** The size of each file, including open ones. */
  readonly #sizes = new Map<string, number>();
  readonly #files = new OpenFiles();
  readonly #audioBacklog = new WriteBacklog(AUDIO_BACKLOG_BYTES);
  /** The writers of open files. */
  readonly #writers = new Set<DiskWriter>();
  #full = false;
  #closed: Promise<void> | undefined;

  private constructor(directory: string, lock: SpoolLock) {
    this.directory = directory;
    this.#lock = lock;
  }

  /**
   * Takes a job's folder, and creates it if needed. Files of an earlier run stay in it.
   *
   * @throws InputError if another process has it, or if it cannot be created
   */
  static async open(directory: string): Promise<DiskSpool> {
    try {
      await makeFolder(directory);
      await expectOwnFolder(directory);
      const lock = await SpoolLock.acquire(directory);
      try {
        await removeDrafts(directory);
        await takeReserve(join(directory, RESERVE_FILE));
      } catch (error) {
        await lock.release();
        throw error;
      }
      return new DiskSpool(directory, lock);
    } catch (error) {
      // A job that does not start leaves no empty folder.
      await removeIfEmpty(directory).catch(() => undefined);
      if (error instanceof InputError) throw error;
      const reason = await whyUnwritable(directory, error);
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
    return this.#writer(name);
  }

  async extend(name: string): Promise<SpoolWriter> {
    const earlier = await this.read(name);
    return this.#writer(name, earlier ?? Buffer.alloc(0));
  }

  async write(name: string, bytes: Buffer): Promise<SpooledFile> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await this.#write(name, bytes);
      } catch (error) {
        // The folder was deleted while it was in use.
        if (!hasCode(error, "ENOENT") || retry === WRITING_RETRIES) throw error;
      }
    }
  }

  async #write(name: string, bytes: Buffer): Promise<SpooledFile> {
    const partial = `${this.#pathOf(name)}.partial-${randomUUID()}`;
    await makeFolder(dirname(partial));
    await expectNoLinkAbove(this.directory, name);
    const handle = await open(partial, NEW_FILE, FILE_MODE);
    try {
      await writeFully(handle, { bytes, position: 0 });
      await rename(partial, this.#pathOf(name));
    } catch (error) {
      // On a full disk it would take room that the audio needs.
      await rm(partial, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return this.#spooled(name, bytes);
  }

  async cut(name: string, keepBytes: number, patch?: { atByte: number; page: Buffer }): Promise<SpooledFile> {
    const handle = await openOwnFile(this.#pathOf(name), constants.O_RDWR);
    try {
      if (patch !== undefined) await writeFully(handle, { bytes: patch.page, position: patch.atByte });
      await handle.truncate(keepBytes);
    } finally {
      await handle.close();
    }
    return this.#spooled(name, await readOwnFile(this.#pathOf(name), MAX_FILE_BYTES));
  }

  async read(name: string): Promise<Buffer | undefined> {
    const path = this.#pathOf(name);
    try {
      await expectNoLinkAbove(this.directory, name);
      return await readOwnFile(path, MAX_FILE_BYTES);
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
    const entries = await this.#entries(true);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.directory, join(entry.parentPath, entry.name)))
      .filter((name) => name !== LOCK_FILE && name !== RESERVE_FILE && isJobFileName(name));
  }

  async remove(name: string): Promise<void> {
    const path = this.#pathOf(name);
    await expectNoLinkAbove(this.directory, name);
    await rm(path, { force: true });
    this.#sizes.delete(name);
  }

  async restore(): Promise<string[]> {
    const restored: string[] = [];
    for (const writer of [...this.#writers]) if (await writer.restore()) restored.push(writer.name);
    return restored;
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
    for (const name of await this.#folders()) await removeIfEmpty(this.#pathOf(name));
    await removeIfEmpty(this.directory);
  }

  async #folders(): Promise<string[]> {
    const entries = await this.#entries(false);
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  /** Empty if the folder is gone or is not a folder any more. */
  async #entries(recursive: boolean): Promise<Dirent[]> {
    try {
      return await readdir(this.directory, { recursive, withFileTypes: true });
    } catch (error) {
      if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return [];
      throw error;
    }
  }

  #writer(name: string, earlier?: Buffer): DiskWriter {
    const isAudio = isPartFile(name);
    const options: DiskWriterOptions = {
      name,
      path: this.#pathOf(name),
      files: this.#files,
      // Speakers who send a lot must not block the journal.
      backlog: isAudio ? new WriteBacklog(FILE_BACKLOG_BYTES, this.#audioBacklog) : new WriteBacklog(LOG_BACKLOG_BYTES),
      pinned: !isAudio,
      onDeleted: () => this.#makeAgain(),
      onClosed: () => this.#writers.delete(writer),
      onFull: () => this.#useReserve(),
      onSize: (bytes) => this.#sizes.set(name, bytes),
      ...(earlier === undefined ? {} : { earlier }),
    };
    const writer = new DiskWriter(options);
    this.#writers.add(writer);
    return writer;
  }

  async #makeAgain(): Promise<void> {
    await makeFolder(this.directory);
    await this.#lock.restore();
  }

  #spooled(name: string, bytes: Buffer): SpooledFile {
    this.#sizes.set(name, bytes.length);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { name, path: this.#pathOf(name), bytes: bytes.length, sha256 };
  }

  #pathOf(name: string): string {
    return jobPath(this.directory, name);
  }
}

/** The ends of names under which locks and files are written before they get their own. */
const DRAFT = /(?:^lock\.|\.partial-)[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What a kill has left of files that were being written. They would count as the job's files. */
async function removeDrafts(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const drafts = entries.filter((entry) => entry.isFile() && DRAFT.test(entry.name));
  for (const { parentPath, name } of drafts) await rm(join(parentPath, name), { force: true });
}

/** An existing file or link of this name is removed first, so nothing is written through it. */
async function takeReserve(path: string): Promise<void> {
  await rm(path, { force: true });
  try {
    await writeFile(path, Buffer.alloc(RESERVE_BYTES), { flag: "wx", mode: FILE_MODE });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
