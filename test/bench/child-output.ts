import type { ChildProcess } from "node:child_process";
import { createInterface, type Interface } from "node:readline";

/** One reader for each stream, because a second one would miss data that the first has buffered. */
const readers = new WeakMap<ChildProcess, readonly Interface[]>();

/**
 * Waits for a line of the process' output, on either stream, that holds the text. What it writes is read to the end from
 * here on, so that a full pipe never stops it.
 *
 * @throws Error if the process ends before, or the time is over
 */
export async function lineOf(child: ChildProcess, text: string, patienceMs: number): Promise<void> {
  const found = Promise.withResolvers<void>();
  const onLine = (line: string): void => {
    if (line.includes(text)) found.resolve();
  };
  const onExit = (exitCode: number | null): void =>
    found.reject(new Error(`the process ended with exit code ${exitCode} and never said "${text}"`));
  const timer = setTimeout(() => found.reject(new Error(`the process did not say "${text}" in time`)), patienceMs);
  const lines = readersOf(child);
  for (const reader of lines) reader.on("line", onLine);
  child.once("close", onExit);
  try {
    await found.promise;
  } finally {
    clearTimeout(timer);
    for (const reader of lines) reader.off("line", onLine);
    child.off("close", onExit);
  }
}

function readersOf(child: ChildProcess): readonly Interface[] {
  const known = readers.get(child);
  if (known !== undefined) return known;
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const made = streams.map((input) => createInterface({ input }));
  for (const reader of made) reader.resume();
  readers.set(child, made);
  return made;
}
