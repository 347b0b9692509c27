import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";

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
  /** The header as it came. */
  readonly retryAfter: string | undefined;
}

/**
 * One POST on a connection of its own. Redirects are not followed. The status is the answer: the connection is closed
 * when it has come, and nobody waits for a body.
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
  request.on("response", (response) => {
    resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] });
    response.on("error", () => undefined); // that its body was cut off is what we did
    request.destroy();
  });
  request.on("error", reject);
  request.on("close", () => {
    clearTimeout(deadline);
    reject(new Error("the connection was closed without an answer"));
  });
  request.end(body);
  return promise;
}
