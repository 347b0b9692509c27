/** To end by itself for a process whose work is done. */
const IDLE_LIMIT_MS = 3_000;

/**
 * Ends the process, whatever hangs. `process.exit` waits for Node's threads, and with them for a system call that never
 * returns, such as a write to a hung network disk. Another program in the process' place waits for nobody.
 */
export function endProcess(exitCode: number): void {
  if (process.execve === undefined) process.kill(process.pid, "SIGKILL");
  else process.execve(process.execPath, [process.execPath, "-e", `process.exit(${exitCode})`], {});
}

/** The work is done: what still keeps the process, a request that sleeps for example, keeps it for a few seconds only. */
export function endSoon(): void {
  const timer = setTimeout(() => endProcess(Number(process.exitCode ?? 0)), IDLE_LIMIT_MS);
  timer.unref();
}
