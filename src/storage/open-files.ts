import { readFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import PQueue from "p-queue";
import { hasCode } from "../errors.ts";

/** If the system does not say how many files a process may have open. */
const USUAL_LIMIT = 256;
/**
 * One for each of the 99 people that a full channel has, and some others. More than so many are opened again for each write:
 * sockets, uploads and the runtime need some too.
 */
const MOST_OPEN = 128;
const FEWEST_OPEN = 2;
/** The share of the limit that growing files may take. */
const SHARE = 1 / 4;
/** Opened one after the other, so that two never close a file for one place. */
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
 * Keeps the files open that are written to most, and few of them, so that a call of many people does not use up what
 * the process may have open.
 */
export class OpenFiles {
  /** By path; the one that was used last comes last. */
  readonly #open = new Map<string, OpenFile>();
  readonly #opening = new PQueue({ concurrency: OPENING });
  readonly #most: number;

  constructor(most = mostOpen()) {
    this.#most = most;
  }

  /**
   * Runs `act` with the file, which stays open as long as others do not need its place.
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

  /** Puts another open file in the place of one that is in use, so that it is never without one. */
  async replace(path: string, handle: FileHandle): Promise<void> {
    const file = this.#open.get(path);
    if (file === undefined) throw new Error(`${path} is not open, so it cannot be replaced`);
    const before = file.handle;
    file.handle = handle;
    await before.close();
  }

  /** Fine if it is not open. */
  async close(path: string): Promise<void> {
    const file = this.#open.get(path);
    this.#open.delete(path);
    await file?.handle.close();
  }

  /** The file with one user more, if it is open. */
  #taken(path: string): OpenFile | undefined {
    const file = this.#open.get(path);
    if (file !== undefined) file.users += 1;
    return file;
  }

  /** The file with one user: the next one to be opened would take its place before its user gets to it. */
  async #opened(path: string, open: () => Promise<FileHandle>): Promise<OpenFile> {
    const earlier = this.#taken(path);
    if (earlier !== undefined) return earlier;
    while (this.#open.size >= this.#most && (await this.#closeIdle())) {
      // until there is a place, or all are in use
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

/** Whether the process, or the machine, has as many files open as it may. */
export function isOutOfFiles(error: unknown): boolean {
  return hasCode(error, "EMFILE") || hasCode(error, "ENFILE");
}

/** How many of `limit` files growing ones may take. */
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
