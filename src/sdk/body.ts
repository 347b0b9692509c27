import { MeetbotConnectionError, MeetbotError, MeetbotResponseError, MeetbotTimeoutError } from "./errors.ts";
import { anyOf, watchdog } from "./time.ts";

/**
 * An answer's text. It is read in pieces, because a small compressed answer can be larger than the memory.
 *
 * @throws MeetbotResponseError if it is longer than `maxBytes`
 */
export async function textOf(response: Response, maxBytes: number): Promise<string> {
  const { text, isWhole } = await beginningOf(response, maxBytes);
  if (isWhole) return text;
  throw new MeetbotResponseError(response.status, `the answer has more than ${maxBytes} bytes`);
}

/** An answer's text, or the first bytes of it. The rest is not read. */
export async function beginningOf(
  response: Response,
  maxBytes: number,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const reader = response.body?.getReader();
  if (reader === undefined) return { text: "", isWhole: true };
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), isWhole: true };
    bytes += value.length;
    if (bytes > maxBytes) {
      // The rest is not wanted. A broken connection has none.
      reader.cancel().catch(() => undefined);
      return { text, isWhole: false };
    }
    text += decoder.decode(value, { stream: true });
  }
}

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
