const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 };

/**
 * Runs work that SIGINT and SIGTERM interrupt. The work cleans up when its signal is aborted.
 *
 * @param notice sentence that is printed after an interrupt
 * @returns the exit code: 0, or 128 + the signal's number, as in shells
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
