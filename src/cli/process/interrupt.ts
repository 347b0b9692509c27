const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 };

/**
 * Runs something that SIGINT and SIGTERM give up: it cleans up behind itself when its signal is aborted.
 *
 * @param notice what is told to whoever gave it up
 * @returns the exit code: 0, or 128 + the signal's number as shells say it
 */
export async function interruptible(notice: string, work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const abort = new AbortController();
  let exitCode = 0;
  const stop = (name: keyof typeof SIGNAL_NUMBERS): void => {
    exitCode = 128 + SIGNAL_NUMBERS[name];
    abort.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    await work(abort.signal);
    return 0;
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    process.stderr.write(`meetbot-discord: ${notice}\n`);
    return exitCode;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
