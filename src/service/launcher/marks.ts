import { accessSync, mkdirSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../errors.ts";
import { readOwnNote } from "../../own-files.ts";
import { type JobFolder, MARKS_PREFIX } from "./job-folder.ts";
import { handleFrom, type ProcessHandle } from "./worker-handle.ts";

/**
 * What the wrapper and the worker note of an attempt, in the attempt's folder. The notes are read and made at once: they are
 * on the disk of the database, which works in the same way, and on a busy machine each thread that is waited for takes
 * milliseconds.
 */

/** Time for the wrapper to write its first mark. Usually milliseconds; more on an overloaded machine. */
const MARK_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 5;
const MAX_NOTE_BYTES = 10_000;
/** A worker that waits answers within milliseconds. If it is frozen, the job starts as usual. */
const ACCEPT_TIMEOUT_MS = 2_000;
const ACCEPT_LOOK_EVERY_MS = 2;

/** @throws Error if the wrapper ends without a note, or there is none in time */
export async function marked(folder: JobFolder, attempt: number, isRunning: () => boolean): Promise<ProcessHandle> {
  const untilMs = performance.now() + MARK_TIMEOUT_MS;
  while (performance.now() < untilMs) {
    const mayCome = isRunning();
    const handle = markedBy(folder, attempt);
    if (handle !== undefined) return handle;
    if (!mayCome) throw new Error("the worker's process could not be noted; is the disk full?");
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`no worker process appeared in ${MARK_TIMEOUT_MS / 1_000} s`);
}

/** @returns undefined if the wrapper has noted no worker yet */
export function markedBy(folder: JobFolder, attempt: number): ProcessHandle | undefined {
  const mark = readMark(join(folder.marks(attempt), "pid"));
  return mark === undefined ? undefined : handleFrom(mark, attempt);
}

/** Reads a mark of the wrapper; undefined if it is not there yet, or its line is not whole. */
export function readMark(path: string): string | undefined {
  const text = readNote(path);
  return text?.endsWith("\n") === true ? text.trim() : undefined;
}

/** Reads a note of a worker; undefined if there is none yet. */
export function readNote(path: string): string | undefined {
  try {
    return readOwnNote(path, MAX_NOTE_BYTES);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Removes the marks of all attempts. None of them is running. */
export async function removeMarks(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  for (const name of names.filter((each) => each.startsWith(MARKS_PREFIX))) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** @returns false if the worker has ended or is frozen */
export async function isAccepted(marks: string): Promise<boolean> {
  const untilMs = performance.now() + ACCEPT_TIMEOUT_MS;
  while (performance.now() < untilMs) {
    if (isThere(join(marks, "started"))) return true;
    if (isThere(join(marks, "exit"))) return false;
    await sleep(ACCEPT_LOOK_EVERY_MS);
  }
  return false;
}

/**
 * Gives an attempt up if its worker has not begun. From then on it cannot begin any more: only one of the two makes
 * `started`.
 *
 * @returns false if it has begun
 */
export async function giveUp(marks: string): Promise<boolean> {
  try {
    mkdirSync(join(marks, "started"));
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (hasCode(error, "ENOENT")) return true;
    throw error;
  }
  await rm(marks, { recursive: true, force: true });
  return true;
}

export function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
