import { MeetbotConnectionError, MeetbotError, MeetbotTimeoutError } from "./errors.ts";
import { anyOf, watchdog } from "./time.ts";

/**
 * The bytes of an answer, as they come.
 *
 * @param idleMs how long nothing may come
 * @throws MeetbotConnectionError if the connection breaks or is idle for too long, or the signal's reason
 */
export async function* chunksOf(
  response: Response,
  idleMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const idle = watchdog(idleMs, () => new MeetbotTimeoutError(`nothing came for ${idleMs} ms`));
  const stop = anyOf(signal, idle.signal);
  const ended = new Promise<never>((_resolve, reject) => {
    stop.addEventListener("abort", () => reject(stop.reason), { once: true });
  });
  // It is only read in the race below.
  ended.catch(() => undefined);
  try {
    stop.throwIfAborted();
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), ended]);
      if (done) return;
      idle.renew();
      yield value;
    }
  } catch (error) {
    if (error instanceof MeetbotError || stop.aborted) throw error;
    throw new MeetbotConnectionError("the connection broke before the answer was complete", { cause: error });
  } finally {
    idle.stop();
    // The rest is not wanted. A broken connection has none.
    reader.cancel().catch(() => undefined);
  }
}
