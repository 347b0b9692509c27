/** Time for a process to end by itself once its work is done. */
const IDLE_LIMIT_MS = 3_000;

/**
 * Ends the process even if something hangs. `process.exit` waits for Node's threads, and so for a system call that never
 * returns, such as a write to a network disk that hangs. Replacing the process with another program waits for nothing.
 */
export function endProcess(exitCode: number): void {
  if (process.execve === undefined) process.kill(process.pid, "SIGKILL");
  else process.execve(process.execPath, [process.execPath, "-e", `process.exit(${exitCode})`], {});
}

/**
 * Call it when the work is done. A pending request, for example, then keeps the process alive only for a few seconds.
 */
export function endSoon(): void {
  const timer = setTimeout(() => endProcess(Number(process.exitCode ?? 0)), IDLE_LIMIT_MS);
  timer.unref();
}
