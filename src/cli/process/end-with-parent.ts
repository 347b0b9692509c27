/**
 * Loaded into the worker that `replay` starts (`node --import`). Standard input is a pipe from `replay`. The system closes
 * it even if `replay` is killed. The worker then ends as it does on SIGTERM. Otherwise it would try for minutes to reach a
 * loopback that is gone.
 */
process.stdin.once("close", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
process.stdin.unref();
