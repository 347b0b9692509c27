/** Waiting, with an end. */

/** Resolves after some time. @throws the signal's reason if it is aborted first */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** A signal that is aborted after some time without a sign of life. */
export interface Watchdog {
  readonly signal: AbortSignal;
  /** The time starts again. */
  renew(): void;
  /** Has to be called, or the timer keeps the process alive. */
  stop(): void;
}

/** @param reason made when the time is over */
export function watchdog(ms: number, reason: () => Error): Watchdog {
  const controller = new AbortController();
  const start = (): ReturnType<typeof setTimeout> => setTimeout(() => controller.abort(reason()), ms);
  let timer = start();
  return {
    signal: controller.signal,
    renew: () => {
      clearTimeout(timer);
      timer = start();
    },
    stop: () => clearTimeout(timer),
  };
}

/** One signal for several. */
export function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}
