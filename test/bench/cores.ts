import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { InputError } from "../../src/errors.ts";

/** The assignment of cores, as in taskset(1). The load must not take CPU time from the measured peers. */
export interface Cores {
  /** One core, for a peer that is measured by itself. */
  readonly peer: string;
  /** All but the load's, for many workers at once. */
  readonly workers: string;
  readonly workerCores: number;
  /** One, for the load and for the bench itself. */
  readonly load: string;
}

/** @throws InputError if this process may use less than two cores, or this is not Linux */
export function splitCores(): Cores {
  const allowed = allowedCores();
  const [peer, load] = [allowed[0], allowed.at(-1)];
  if (peer === undefined || load === undefined || peer === load) {
    throw new InputError("the bench may use one core, expected two at least: one for the load, one for the peer");
  }
  const workers = allowed.slice(0, -1);
  return { peer: String(peer), workers: workers.join(","), workerCores: workers.length, load: String(load) };
}

/** Restricts this process and its children to these cores. */
export function stayOn(cores: string): void {
  const { status, stderr, error } = spawnSync("taskset", ["--cpu-list", "--pid", cores, String(process.pid)]);
  if (error !== undefined) throw new InputError(`taskset (package util-linux) cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`taskset: ${stderr}`);
}

/** The command with what keeps it on these cores in front, if any. It has the process id that it would have without. */
export function pinned(cores: string | undefined, command: readonly [string, ...string[]]): [string, ...string[]] {
  return cores === undefined ? [...command] : ["taskset", "--cpu-list", cores, ...command];
}

/** proc(5): `Cpus_allowed_list` is numbers and ranges, such as `0-3,8`. */
function allowedCores(): number[] {
  let status: string;
  try {
    status = readFileSync("/proc/self/status", "utf8");
  } catch (error) {
    throw new InputError("the bench reads /proc, which is Linux' own", { cause: error });
  }
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
