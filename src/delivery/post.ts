import type { LookupFunction } from "node:net";
import { Agent, request } from "undici";

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** From looking the name up to the answer's status line. */
  readonly timeoutMs: number;
  readonly lookup: LookupFunction | undefined;
  /** Gives up. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** The header as it was received. */
  readonly retryAfter: string | undefined;
}

/**
 * One POST on a connection of its own, without redirects. Only the status counts: the connection is closed as soon as
 * it is received, and the body is not read.
 *
 * @throws whatever prevented a status
 */
export async function post(url: URL, { headers, body, timeoutMs, lookup, signal }: PostOptions): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const end = AbortSignal.any([signal, timeout]);
  // The signal also goes to the socket: undici leaves a socket that is still connecting to itself.
  const connect = { signal: end, timeout: 0, ...(lookup === undefined ? {} : { lookup }) };
  const dispatcher = new Agent({ pipelining: 0, connect });
  try {
    const answer = await request(url, { dispatcher, method: "POST", headers, body, signal: end });
    answer.body.on("error", () => undefined); // we cut the body off ourselves
    const retryAfter = answer.headers["retry-after"];
    return { status: answer.statusCode, retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter };
  } catch (error) {
    if (timeout.aborted) throw new Error(`no answer within ${timeoutMs} ms`, { cause: error });
    throw error;
  } finally {
    await dispatcher.destroy();
  }
}
