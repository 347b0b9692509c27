import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { JobError } from "../../errors.ts";
import { PACKAGE_ROOT } from "../../package/root.ts";
import { ALLOCATOR, COMPILE_CACHE_VARIABLES } from "../../worker-variables.ts";

/** The shipped worker, even if this file runs from source. */
const MAIN = fileURLToPath(new URL("dist/cli/main.js", PACKAGE_ROOT));
const END_WITH_PARENT = new URL("dist/cli/end-with-parent.js", PACKAGE_ROOT).href;
/** The same flags as in the first line of main.ts and in the image, for the same low memory use. */
const MEMORY_FLAGS = ["--max-semi-space-size=2"];
const NODE_FLAGS = [...MEMORY_FLAGS, "--import", END_WITH_PARENT];
/** The program and its arguments before the name of the command. */
export const OWN_COMMAND: readonly string[] = [process.execPath, ...MEMORY_FLAGS, MAIN];
/** Variables that any process needs, and those of its compile cache. Of all others the worker gets only MEETBOT_*. */
const INHERITED_VARIABLES = ["PATH", "HOME", "TMPDIR", "TZ", "LANG", ...COMPILE_CACHE_VARIABLES];

/**
 * Starts the real worker as a separate process. Its settings are `environment`, then the MEETBOT_* variables that are set
 * here, then `defaults`; the first of them that has a variable wins. If this process dies, the worker ends too.
 */
export function startWorker(
  environment: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>>,
): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => INHERITED_VARIABLES.includes(name) || name.startsWith("MEETBOT_"),
  );
  // If a flag is there twice, Node uses the last one, which is the caller's.
  return spawn(process.execPath, [...NODE_FLAGS, ...process.execArgv, MAIN, "record"], {
    env: { ...ALLOCATOR, ...defaults, ...Object.fromEntries(inherited), ...environment },
    stdio: ["pipe", "ignore", "inherit"],
  });
}

const DEADLINES = {
  /** Longer than the sum of the worker's own deadlines for joining a call. */
  joinMs: 90_000,
  /** The time between SIGTERM and SIGKILL. */
  endMs: 5_000,
};

/**
 * Waits until the worker ends. Ends a worker that hangs while it joins the call.
 *
 * @param hasJoined whether it is or was in the call
 * @returns its exit code, or 128 + the signal's number, as in shells
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
