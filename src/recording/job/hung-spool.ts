import type { Clock } from "../ports/clock.ts";
import type { Spool } from "../ports/spool.ts";

const LOOK_EVERY_MS = 1_000;
/** The same time that a call continues without its disk, because a network disk often recovers within minutes. */
const HUNG_MS = 300_000;

/** The spool's disk does not respond, for example because a network disk's server is gone. */
export class HungSpoolError extends Error {
  override readonly name = "HungSpoolError";

  constructor() {
    super(`the spool's disk has not answered for ${HUNG_MS / 1_000} s`);
  }
}

/**
 * Waits for the end of a job, but not for a disk that hangs, because nobody may be there to send a second signal.
 *
 * @throws HungSpoolError if the disk has not answered for 5 minutes; whatever `work` throws
 */
export async function unlessSpoolHangs<Result>(
  work: Promise<Result>,
  { spool, clock }: { readonly spool: Spool; readonly clock: Clock },
): Promise<Result> {
  const { promise: hung, reject } = Promise.withResolvers<never>();
  let askedAtMs: number | undefined;
  const ask = async (): Promise<void> => {
    // This waits for the current writes.
    await spool.restore();
    await spool.freeBytes();
  };
  const answered = (): void => {
    askedAtMs = undefined;
  };
  const stop = clock.every(LOOK_EVERY_MS, () => {
    if (askedAtMs === undefined) {
      askedAtMs = clock.nowMs();
      // An error is a response too, and the job handles it.
      ask().then(answered, answered);
    } else if (clock.nowMs() - askedAtMs >= HUNG_MS) reject(new HungSpoolError());
  });
  // Nobody waits for its result after the disk has hung.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, hung]);
  } finally {
    stop();
  }
}
