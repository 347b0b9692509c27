import type { FastifyRequest } from "fastify";

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Whether a request comes from the service's own page. A browser sends a cookie with requests of other pages of the same
 * host too, such as those at another port, so the cookie by itself says nothing.
 *
 * Browsers send `Sec-Fetch-Site` over HTTPS and to localhost (Fetch Metadata, "The Sec-Fetch-Site HTTP Request Header"),
 * and `Origin` with every request that may change something (Fetch, "Origin header").
 *
 * @param publicUrl how customers reach the service; a proxy may send another Host header
 */
export function isOwnPage({ method, headers }: Pick<FastifyRequest, "method" | "headers">, publicUrl: string): boolean {
  const site = headers["sec-fetch-site"];
  const isSafe = SAFE.has(method);
  // `none`: the person has typed the address, or opened a bookmark.
  if (site !== undefined) return site === "same-origin" || (site === "none" && isSafe);
  const { origin, host } = headers;
  if (origin === undefined) return isSafe;
  const from = URL.parse(origin);
  return from !== null && (from.host === host || from.origin === URL.parse(publicUrl)?.origin);
}
