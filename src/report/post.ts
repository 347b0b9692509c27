import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** For the whole exchange, from looking the name up to the end of the answer. */
  readonly timeoutMs: number;
  readonly lookup: LookupFunction | undefined;
  /** Gives up. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** The header as it came. */
  readonly retryAfter: string | undefined;
}

/** An answer's body says nothing that we need; more than this of it is not read. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * One POST on a connection of its own. Redirects are not followed. The status is the answer: what comes after it, or
 * fails to, changes nothing.
 *
 * @throws whatever kept a status from coming
 */
export function post(url: URL, { headers, body, timeoutMs, lookup, signal }: PostOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  const request = send(url, {
    method: "POST",
    agent: false,
    signal,
    headers: { ...headers, "content-length": body.length },
    ...(lookup === undefined ? {} : { lookup }),
  });
  const deadline = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  let answer: Answer | undefined;
  const settle = (error: unknown): void => {
    clearTimeout(deadline);
    if (answer === undefined) reject(error);
    else resolve(answer);
  };
  request.on("response", (response) => {
    answer = { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] };
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) request.destroy();
    });
    response.on("error", settle);
  });
  request.on("error", settle);
  request.on("close", () => settle(new Error("the connection was closed without an answer")));
  request.end(body);
  return promise;
}
