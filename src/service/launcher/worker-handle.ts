import * as z from "zod";
import { startIn, thisRealm } from "../../process-identity.ts";

/** A worker process, as the job's row stores it. */
const workerHandle = z.object({
  attempt: z.number().int(),
  pid: z.number().int().min(1),
  /** Its start time, in the form of `startOf`. */
  start: z.string(),
  realm: z.object({ host: z.string(), boot: z.string(), namespace: z.string() }),
});

export type ProcessHandle = z.infer<typeof workerHandle>;

export function readHandle(text: string): ProcessHandle {
  return workerHandle.parse(JSON.parse(text));
}

/** Makes a handle from the wrapper's mark: a line of /proc/PID/stat, or a process id and a date. */
export function handleFrom(mark: string, attempt: number): ProcessHandle {
  const line = mark.trim();
  const pid = Number.parseInt(line, 10);
  // A worker that has ended already has the state Z, but its line still holds the start time.
  const start = line.includes(")") ? startIn(line.replace(/\) Z /, ") S ")) : line.slice(String(pid).length).trim();
  return { attempt, pid, start: start ?? "", realm: thisRealm() };
}
