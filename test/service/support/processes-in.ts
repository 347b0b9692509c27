import { readdirSync, readlinkSync } from "node:fs";

/** The ids of processes that work in this folder, or below it. Linux only. */
export function processesIn(folder: string): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && workingFolder(name).startsWith(folder));
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended, or belongs to somebody else.
    return "";
  }
}
