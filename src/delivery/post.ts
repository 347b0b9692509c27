import type { LookupFunction } from "node:net";
import { Agent, request } from "undici";

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Time limit from the name lookup to the status line. */
  readonly timeoutMs: number;
  readonly lookup: LookupFunction | undefined;
  /** Cancels the request. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** The header as received. */
  readonly retryAfter: string | undefined;
}

/** Receivers may send some before the status (RFC 9110 §15.2). Endless ones would only cost time. */
const MAX_INFORMATIONAL = 20;

/**
 * One POST on a connection of its own, without redirects. Only the status counts: the connection is closed as soon as
 * it is received, and the body is not read.
 *
 * @throws the error that prevented a status
 */
export async function post(url: URL, { headers, body, timeoutMs, lookup, signal }: PostOptions): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const flooded = new AbortController();
  const end = AbortSignal.any([signal, timeout, flooded.signal]);
  let informational = 0;
  const onInfo = (): void => {
    informational += 1;
    if (informational > MAX_INFORMATIONAL) flooded.abort(new Error("it answered with too many 1xx statuses"));
  };
  // The signal also goes to the socket, because undici does not close a socket that is still connecting.
  const connect = { signal: end, timeout: 0, ...(lookup === undefined ? {} : { lookup }) };
  const dispatcher = new Agent({ pipelining: 0, connect });
  try {
    const answer = await request(url, { dispatcher, method: "POST", headers, body, signal: end, onInfo });
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
