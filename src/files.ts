import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { mkdir, rmdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "./errors.ts";

/** A path from outside may refer to anything. These operations always end, and use limited memory. */

const CHUNK_BYTES = 1 << 16;
/** A pipe has this long to send its first byte, and then its end. */
const PIPE_DEADLINE_MS = 5_000;
const PIPE_PAUSE_MS = 20;

/**
 * Reads a small file, or a pipe such as a shell's `<(command)`.
 *
 * @throws Error with the reason: a folder or device, more than `maxBytes`, or a pipe that does not end
 */
export function readBounded(path: string | URL, maxBytes: number): Buffer {
  // Without O_NONBLOCK, opening a pipe waits for a writer that may never come.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = fstatSync(descriptor);
    if (!info.isFile() && !info.isFIFO()) throw new Error(`it is ${kindOf(info)}`);
    return readToEnd(descriptor, maxBytes, info.isFIFO());
  } finally {
    closeSync(descriptor);
  }
}

function kindOf(info: Stats): string {
  if (info.isDirectory()) return "a folder";
  return info.isSocket() ? "a socket" : "a device";
}

function readToEnd(descriptor: number, maxBytes: number, isPipe: boolean): Buffer {
  const deadlineMs = performance.now() + PIPE_DEADLINE_MS;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, maxBytes + 1 - bytes));
    const read = readSome(descriptor, chunk);
    if (read === 0 && !(isPipe && bytes === 0)) return Buffer.concat(chunks, bytes);
    if (read === undefined || read === 0) {
      if (performance.now() > deadlineMs) throw new Error("it is a pipe that sent nothing, or did not end, in 5 s");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_PAUSE_MS);
      continue;
    }
    chunks.push(chunk.subarray(0, read));
    bytes += read;
    if (bytes > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
  }
}

/** @returns undefined if a pipe has nothing to read yet */
function readSome(descriptor: number, chunk: Buffer): number | undefined {
  try {
    return readSync(descriptor, chunk);
  } catch (error) {
    if (hasCode(error, "EAGAIN")) return undefined;
    throw error;
  }
}

/**
 * Makes a folder and its missing parents. By default only this user can open them, because recordings hold people's
 * voices. Node's own `recursive` is not used: below /proc the system answers ENOENT under a parent that exists, and
 * then Node repeats the call forever and ignores signals.
 *
 * @returns whether the folder was made; if not, it was there
 * @throws the system's error
 */
export async function makeFolder(path: string, mode = 0o700): Promise<boolean> {
  const missing: string[] = [];
  for (let at = path; !(await isThere(at)); at = dirname(at)) missing.unshift(at);
  let made = false;
  for (const folder of missing.length === 0 ? [path] : missing) {
    try {
      await mkdir(folder, { mode });
      made = folder === path;
    } catch (error) {
      // Another process made it first.
      if (!hasCode(error, "EEXIST") || !(await isFolder(folder))) throw error;
    }
  }
  return made;
}

/** Removes a folder. Fine if it is not there, or something is in it. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!hasCode(error, "ENOTEMPTY") && !hasCode(error, "ENOENT")) throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // A path below a file does not exist either; creating it gives the system's error.
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    // A dangling link exists and is not a folder.
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
