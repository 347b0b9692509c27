import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process id is used again, so a process is known by its id and its start. */

/**
 * When a process started, in clock ticks since boot: proc_pid_stat(5), field 22. On systems without /proc it is the text
 * that `ps -o lstart=` prints. The name, field 2, is in parentheses and may hold anything.
 *
 * @returns undefined if there is no such process, or it has ended and its parent has not noticed yet
 */
export function startOf(pid: number): string | undefined {
  if (!existsSync("/proc/self/stat")) return startByPs(pid);
  const stat = readOrUndefined(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return stat === undefined ? undefined : startIn(stat);
}

/** The start in a line of /proc/PID/stat; undefined for a process that has ended. */
export function startIn(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

function startByPs(pid: number): string | undefined {
  const text = readOrUndefined(() => execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }));
  return text?.trim() === "" ? undefined : text?.trim();
}

/** Where process ids mean the same: a host, one of its starts, and a pid namespace. */
export interface Realm {
  readonly host: string;
  readonly boot: string;
  readonly namespace: string;
}

let realm: Realm | undefined;

/** It stays the same as long as the process runs. */
export function thisRealm(): Realm {
  realm ??= readRealm();
  return realm;
}

function readRealm(): Realm {
  const boot = readOrUndefined(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const namespace = readOrUndefined(() => readlinkSync("/proc/self/ns/pid"));
  return { host: hostname(), boot: boot ?? "", namespace: namespace ?? "" };
}

/** Other systems than Linux have no /proc, and a process that has ended has no file there. */
function readOrUndefined(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
