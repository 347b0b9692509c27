import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { JobError } from "../../errors.ts";

/** The worker as it is shipped: this file's neighbour, compiled or not. */
const MAIN = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url));
/** As in the first line of main.ts and in the image, so that a worker takes no more memory when it is started from here. */
const NODE_FLAGS = ["--max-semi-space-size=2"];
const ALLOCATOR = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };
/** Variables that a process needs from its surroundings; everything else is the worker's own business. */
const SURROUNDINGS = ["PATH", "HOME", "TMPDIR", "TZ", "LANG"];

/**
 * Starts the real worker as a process of its own, with nothing but its environment: `environment` above what
 * MEETBOT_* variables are set here, above `defaults`.
 */
export function startWorker(
  environment: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>>,
): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => SURROUNDINGS.includes(name) || name.startsWith("MEETBOT_"),
  );
  // The last of two flags wins: the caller's.
  return spawn(process.execPath, [...NODE_FLAGS, ...process.execArgv, MAIN, "record"], {
    env: { ...ALLOCATOR, ...defaults, ...Object.fromEntries(inherited), ...environment },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

const DEADLINES = {
  /** Longer than all of a worker's own deadlines on the way into a call. */
  joinMs: 90_000,
  /** After SIGTERM, before SIGKILL. */
  endMs: 5_000,
};

/**
 * Waits until the worker ends. One that hangs on its way into the call is ended.
 *
 * @param hasJoined whether it is in the call, or was
 * @returns its exit code, or 128 + the signal's number as shells say it
 * @throws JobError if it had to be ended
 */
export async function exitAfterJoining(
  child: ChildProcess,
  hasJoined: () => boolean,
  { joinMs, endMs } = DEADLINES,
): Promise<number> {
  const exit = exitOf(child);
  const patience = new AbortController();
  const late = sleep(joinMs, "late" as const, { signal: patience.signal }).catch(() => "ended" as const);
  const first = await Promise.race([exit, late]);
  patience.abort();
  if (first !== "late" || hasJoined()) return await exit;
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), endMs);
  await exit;
  clearTimeout(kill);
  throw new JobError("internal_error", `the worker had not joined the call after ${joinMs / 1_000} s, and was ended`);
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
}
