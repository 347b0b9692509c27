import { relative } from "node:path";

/** Quotes a word for a POSIX shell (XCU 2.2.2), if it needs quotes. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A path as typed in a folder: relative if it is inside, absolute otherwise. */
export function pathFrom(directory: string, path: string): string {
  const short = relative(directory, path);
  if (short === "") return ".";
  return short.startsWith("..") ? path : short;
}
