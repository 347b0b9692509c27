import * as z from "zod";
import { startIn, thisRealm } from "../../process-identity.ts";

/** A worker process, as its job's row has it. */
const workerHandle = z.object({
  attempt: z.number().int(),
  pid: z.number().int().min(1),
  /** When it started, as `startOf` says. */
  start: z.string(),
  realm: z.object({ host: z.string(), boot: z.string(), namespace: z.string() }),
});

export type ProcessHandle = z.infer<typeof workerHandle>;

export function readHandle(text: string): ProcessHandle {
  return workerHandle.parse(JSON.parse(text));
}

/** The handle of what the wrapper's mark names: a line of /proc/PID/stat, or an id and a date. */
export function handleFrom(mark: string, attempt: number): ProcessHandle {
  const line = mark.trim();
  const pid = Number.parseInt(line, 10);
  // A worker that has ended by then has the state Z, and its start counts all the same.
  const start = line.includes(")") ? startIn(line.replace(/\) Z /, ") S ")) : line.slice(String(pid).length).trim();
  return { attempt, pid, start: start ?? "", realm: thisRealm() };
}
