/** When a request is made again. Numbers in, numbers out. */

/** The statuses after which the same request may succeed. */
const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

const LONGEST_PAUSE_MS = 8_000;

export function isRetried(status: number): boolean {
  return RETRIED.has(status);
}

/**
 * The pause before a retry: it doubles each time, and half of it is random, so that clients that failed together do not
 * come back together.
 *
 * @param firstMs before the first retry, at most
 * @param retry 0 before the first retry
 * @param random from 0 up to 1
 * @param askedMs what the service asks for; less than the usual pause, or nothing, gets the usual pause
 */
export function pauseMs(firstMs: number, retry: number, random: number, askedMs: number | undefined): number {
  const whole = Math.min(LONGEST_PAUSE_MS, firstMs * 2 ** retry);
  return Math.max(askedMs ?? 0, whole / 2 + (whole / 2) * random);
}

/**
 * What `Retry-After` asks for (RFC 9110 §10.2.3): seconds or a date.
 *
 * @param now epoch milliseconds
 * @returns milliseconds; undefined without a header that can be read
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // `Date.parse` also reads other texts, such as "-1".
  const at = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
