import { readdirSync, readFileSync } from "node:fs";

/** What a process uses, as Linux counts it: proc(5). */

export interface CpuByThread {
  /** User and system time of all threads, ended ones included. */
  readonly allMs: number;
  /** The same by the names of the threads that live; several may have one name. */
  readonly byThreadMs: ReadonlyMap<string, number>;
}

/** USER_HZ, in which proc(5) counts CPU time. */
const TICK_MS = 10;

/** @throws Error where the process has ended, or this is not Linux */
export function cpuOf(pid: number): CpuByThread {
  const byThreadMs = new Map<string, number>();
  for (const thread of read(() => readdirSync(`/proc/${pid}/task`))) {
    const { name, cpuMs } = parseStat(read(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8")));
    byThreadMs.set(name, (byThreadMs.get(name) ?? 0) + cpuMs);
  }
  return { allMs: parseStat(read(() => readFileSync(`/proc/${pid}/stat`, "utf8"))).cpuMs, byThreadMs };
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
  /** VmHWM: the most that was ever resident. */
  readonly peakBytes: number;
}

/** @throws Error where the process has ended, or this is not Linux */
export function memoryOf(pid: number): Memory {
  const status = read(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  const bytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024;
  return { residentBytes: bytes("VmRSS"), peakBytes: bytes("VmHWM") };
}

/** The second field is the program's name in parentheses, which may hold spaces; fields 14 and 15 are the times. */
function parseStat(stat: string): { name: string; cpuMs: number } {
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  return { name: stat.slice(stat.indexOf("(") + 1, end), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
}

function read<Value>(from: () => Value): Value {
  try {
    return from();
  } catch (error) {
    throw new Error("what the process uses cannot be read: it has ended, or this is not Linux", { cause: error });
  }
}
