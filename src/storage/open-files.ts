import { readFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import PQueue from "p-queue";
import { hasCode } from "../errors.ts";

/** The assumed limit of open files if the system does not say. */
const USUAL_LIMIT = 256;
/**
 * One for each of the 99 people in a full channel, and some others. Files beyond that are reopened for each write,
 * because sockets, uploads and the runtime need descriptors too.
 */
const MOST_OPEN = 128;
const FEWEST_OPEN = 2;
/** The share of the limit that files being written may use. */
const SHARE = 1 / 4;
/** Files are opened one after another, so two never close a file for the same slot. */
const OPENING = 1;

interface OpenFile {
  handle: FileHandle;
  users: number;
  pinned: boolean;
}

interface OpenableFile {
  readonly path: string;
  readonly open: () => Promise<FileHandle>;
  readonly pinned: boolean;
}

/**
 * Keeps a limited number of the most used files open, so a call with many people does not exhaust the process's limit.
 */
export class OpenFiles {
  /** By path; the most recently used comes last. */
  readonly #open = new Map<string, OpenFile>();
  readonly #opening = new PQueue({ concurrency: OPENING });
  readonly #most: number;

  constructor(most = mostOpen()) {
    this.#most = most;
  }

  /**
   * Runs `act` with the file, which stays open until others need its slot.
   *
   * @param open is called if the file is not open
   * @param pinned whether it stays open until `close`
   */
  async use<Result>(
    { path, open, pinned }: OpenableFile,
    act: (handle: FileHandle) => Promise<Result>,
  ): Promise<Result> {
    const file = this.#taken(path) ?? (await this.#opening.add(() => this.#opened(path, open)));
    file.pinned = pinned;
    this.#open.delete(path);
    this.#open.set(path, file);
    try {
      return await act(file.handle);
    } finally {
      file.users -= 1;
    }
  }

  /** Replaces an open file that is in use with another, without a moment in between. */
  async replace(path: string, handle: FileHandle): Promise<void> {
    const file = this.#open.get(path);
    if (file === undefined) throw new Error(`${path} is not open, so it cannot be replaced`);
    const before = file.handle;
    file.handle = handle;
    await before.close();
  }

  /** Does nothing if it is not open. */
  async close(path: string): Promise<void> {
    const file = this.#open.get(path);
    this.#open.delete(path);
    await file?.handle.close();
  }

  /** Returns the file with one more user, if it is open. */
  #taken(path: string): OpenFile | undefined {
    const file = this.#open.get(path);
    if (file !== undefined) file.users += 1;
    return file;
  }

  /** Returns the file with one user already counted; otherwise the next file could take its slot before it is used. */
  async #opened(path: string, open: () => Promise<FileHandle>): Promise<OpenFile> {
    const earlier = this.#taken(path);
    if (earlier !== undefined) return earlier;
    while (this.#open.size >= this.#most && (await this.#closeIdle())) {
      // until there is a slot, or all are in use
    }
    for (;;) {
      try {
        const file = { handle: await open(), users: 1, pinned: false };
        this.#open.set(path, file);
        return file;
      } catch (error) {
        if (!isOutOfFiles(error) || !(await this.#closeIdle())) throw error;
      }
    }
  }

  /** @returns whether one was closed */
  async #closeIdle(): Promise<boolean> {
    const idle = [...this.#open].find(([, { users, pinned }]) => users === 0 && !pinned);
    if (idle === undefined) return false;
    await this.close(idle[0]);
    return true;
  }
}

/** Whether the process or the machine has reached its limit of open files. */
export function isOutOfFiles(error: unknown): boolean {
  return hasCode(error, "EMFILE") || hasCode(error, "ENFILE");
}

/** How many of `limit` files may be used for writing. */
function mostOpen(limit = openFilesLimit()): number {
  return Math.min(MOST_OPEN, Math.max(FEWEST_OPEN, Math.floor(limit * SHARE)));
}

/** proc_pid_limits(5): "Max open files", soft limit first. Other systems than Linux have no such file. */
function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? USUAL_LIMIT : Number(soft);
  } catch {
    return USUAL_LIMIT;
  }
}
