import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { InputError, JobError } from "../../errors.ts";
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

/** How far the worker has got in a call that is played for it. */
export interface PlayedProgress {
  /** Whether it is or was in the call. */
  readonly hasJoined: boolean;
  /** Whether the call is or was being played. */
  readonly hasBegun: boolean;
}

const DEADLINES = {
  /** Longer than the sum of the worker's own deadlines for joining a call. */
  beginMs: 90_000,
  /** The time between SIGTERM and SIGKILL. */
  endMs: 5_000,
};

/**
 * Waits until the worker ends. Ends a worker that hangs while it joins the call, or whose call does not begin.
 *
 * @returns its exit code, or 128 + the signal's number, as in shells
 * @throws JobError if it had not joined the call and had to be ended
 * @throws InputError if the fixture's call cannot begin
 */
export async function exitAfterBeginning(
  child: ChildProcess,
  progress: () => PlayedProgress,
  { beginMs, endMs } = DEADLINES,
): Promise<number> {
  const exit = exitOf(child);
  const patience = new AbortController();
  const late = sleep(beginMs, "late" as const, { signal: patience.signal }).catch(() => "ended" as const);
  const first = await Promise.race([exit, late]);
  patience.abort();
  if (first !== "late" || progress().hasBegun) return await exit;
  const { hasJoined } = progress();
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), endMs);
  await exit;
  clearTimeout(kill);
  const afterSeconds = `after ${beginMs / 1_000} s, and`;
  if (!hasJoined) throw new JobError("internal_error", `the worker had not joined the call ${afterSeconds} was ended`);
  throw new InputError(
    `the call had not begun ${afterSeconds} the worker was ended: the bot had no keys of the call's encrypted group; with "startsAtConnect": true in the fixture's "behaviour" the call begins without them`,
  );
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
}
