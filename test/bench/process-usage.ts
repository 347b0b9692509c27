import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process's resource usage from Linux: proc(5). */

export interface CpuByThread {
  /** User and system time of all threads; of those that have ended to 10 ms only. */
  readonly allMs: number;
  /** The same by the names of the threads that live; several may have one name. */
  readonly byThreadMs: ReadonlyMap<string, number>;
}

/** USER_HZ, in which proc(5) counts a process' CPU time. */
const TICK_MS = 10;

/** @throws Error if the process has ended, or this is not Linux */
export function cpuOf(pid: number): CpuByThread {
  const byThreadMs = new Map<string, number>();
  let livingMs = 0;
  for (const thread of read(() => readdirSync(`/proc/${pid}/task`))) {
    const { name } = parseStat(readText(`/proc/${pid}/task/${thread}/stat`));
    const cpuMs = schedstatMs(readText(`/proc/${pid}/task/${thread}/schedstat`), RAN_FIELD);
    byThreadMs.set(name, (byThreadMs.get(name) ?? 0) + cpuMs);
    livingMs += cpuMs;
  }
  return { allMs: Math.max(livingMs, parseStat(readText(`/proc/${pid}/stat`)).cpuMs), byThreadMs };
}

export function cpuBetween(before: CpuByThread, after: CpuByThread): CpuByThread {
  const entries = [...after.byThreadMs].map(([name, cpuMs]): [string, number] => [
    name,
    cpuMs - (before.byThreadMs.get(name) ?? 0),
  ]);
  return { allMs: after.allMs - before.allMs, byThreadMs: new Map(entries) };
}

export interface Memory {
  /** VmRSS. */
  readonly residentBytes: number;
  /** VmHWM: the peak of resident memory. */
  readonly peakBytes: number;
}

/** @throws Error if the process has ended, or this is not Linux */
export function memoryOf(pid: number): Memory {
  const status = readText(`/proc/${pid}/status`);
  const bytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024;
  return { residentBytes: bytes("VmRSS"), peakBytes: bytes("VmHWM") };
}

/**
 * USS: the pages that only this process has.
 *
 * @throws Error if the process has ended, or this is not Linux
 */
export function uniqueBytesOf(pid: number): number {
  const rollup = readText(`/proc/${pid}/smaps_rollup`);
  const kilobytes = [...rollup.matchAll(/^Private_(?:Clean|Dirty|Hugetlb):\s+(\d+) kB$/gm)];
  return kilobytes.reduce((sum, [, number]) => sum + Number(number), 0) * 1_024;
}

/**
 * For how long the process' main thread was ready and did not run, because others had its cores.
 *
 * @throws Error if the process has ended, or this is not Linux
 */
export function waitedMsOf(pid: number): number {
  return schedstatMs(readText(`/proc/${pid}/schedstat`), WAITED_FIELD);
}

/**
 * Datagrams that the kernel has dropped because the buffers of the process' UDP sockets were full.
 *
 * @throws Error if the process has ended, or this is not Linux
 */
export function udpDropsOf(pid: number): number {
  const links = read(() => readdirSync(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`)));
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const rows = readText("/proc/net/udp").trim().split("\n").slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => inodes.has(fields[UDP_INODE_FIELD] ?? ""))
    .reduce((sum, fields) => sum + Number(fields.at(-1)), 0);
}

const UDP_INODE_FIELD = 9;

/** A descriptor may be closed between listing and looking. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** sched-stats.rst: the first two numbers are the times that the thread ran and waited to run, in nanoseconds. */
function schedstatMs(schedstat: string, field: number): number {
  return Number(schedstat.split(" ")[field]) / 1e6;
}

const RAN_FIELD = 0;
const WAITED_FIELD = 1;

/** The second field is the program's name in parentheses, which may hold spaces; fields 14 and 15 are the times. */
function parseStat(stat: string): { name: string; cpuMs: number } {
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  return { name: stat.slice(stat.indexOf("(") + 1, end), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
}

function readText(path: string): string {
  return read(() => readFileSync(path, "utf8"));
}

function read<Value>(from: () => Value): Value {
  try {
    return from();
  } catch (error) {
    throw new Error("what the process uses cannot be read: it has ended, or this is not Linux", { cause: error });
  }
}
