/** An external call that did not end in time. It may still be running, and may still have an effect. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  /** @param what a noun that the sentence begins with, such as "Discord" or "the storage" */
  constructor(what: string, limitMs: number) {
    super(`${what} did not answer within ${limitMs / 1_000} s`);
  }
}

export interface DeadlineOptions {
  /** The name of the called party for the error. */
  readonly what: string;
  readonly limitMs: number;
  /** Monotonic, so setting the machine's clock moves no deadline. */
  readonly clock: { sleep(durationMs: number, signal: AbortSignal): Promise<void> };
  /** Cancels earlier, with its own reason. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * Limits the time of an external call. The call gets an abort signal, but this does not wait for it to react: a
 * library's queue may sleep, and a system call may never return.
 *
 * @throws DeadlineError if it took too long; the reason of `stop`; the call's own error
 */
export async function withDeadline<Result>(
  call: (signal: AbortSignal) => Promise<Result>,
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
  const calling = call(abort.signal);
  // Nobody waits for its result any more.
  calling.catch(() => undefined);
  try {
    return await Promise.race([calling, givenUp]);
  } finally {
    over.abort();
    stop?.removeEventListener("abort", onStop);
  }
}
