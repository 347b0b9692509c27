/** A request to the outside that did not end in time. It may still be running, and may still have an effect. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  /** @param what a noun that the sentence begins with, such as "Discord" or "the storage" */
  constructor(what: string, limitMs: number) {
    super(`${what} did not answer within ${limitMs / 1_000} s`);
  }
}

export interface DeadlineOptions {
  /** The name of the other side, for the error. */
  readonly what: string;
  readonly limitMs: number;
  /** Monotonic, so setting the machine's clock moves no deadline. */
  readonly clock: { sleep(durationMs: number, signal: AbortSignal): Promise<void> };
  /** Cancels earlier, with its own reason. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * Limits the time of a request to the outside. The request gets an abort signal, but this does not wait for it to react:
 * a library's queue may sleep, and a system call may never return.
 *
 * @throws DeadlineError if it took too long; the reason of `stop`; the request's own error
 */
export async function withDeadline<Result>(
  request: (signal: AbortSignal) => Promise<Result>,
  { what, limitMs, clock, stop }: DeadlineOptions,
): Promise<Result> {
  stop?.throwIfAborted();
  const abort = new AbortController();
  const over = new AbortController();
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (reason: unknown): void => {
    if (over.signal.aborted) return;
    abort.abort(reason);
    reject(reason);
  };
  const onStop = (): void => giveUp(stop?.reason);
  stop?.addEventListener("abort", onStop);
  void clock.sleep(limitMs, over.signal).then(() => giveUp(new DeadlineError(what, limitMs)));
  const running = request(abort.signal);
  // After a deadline nobody waits for its result.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, givenUp]);
  } finally {
    over.abort();
    stop?.removeEventListener("abort", onStop);
  }
}
