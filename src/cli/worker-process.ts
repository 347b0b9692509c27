import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The worker as it is shipped: this file's neighbour, compiled or not. */
const MAIN = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "main.ts" : "main.js", import.meta.url));
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
  return spawn(process.execPath, [...process.execArgv, MAIN, "record"], {
    env: { ...defaults, ...Object.fromEntries(inherited), ...environment },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** @returns the process' exit code, or 128 + the signal's number as shells say it */
export function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
}
