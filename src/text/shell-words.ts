import { relative } from "node:path";

/** A word as a POSIX shell takes it (XCU 2.2.2); what needs no quotes gets none. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A path as somebody in a folder types it: relative if it lies inside, absolute otherwise. */
export function pathFrom(directory: string, path: string): string {
  const short = relative(directory, path);
  if (short === "") return ".";
  return short.startsWith("..") ? path : short;
}
