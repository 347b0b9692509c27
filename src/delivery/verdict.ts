/** What an answer's status means for a delivery. */
export type Verdict = "accepted" | "try_again" | "refused" | "gone";

/** The receiver says that it is gone for good: RFC 9110 §15.5.11. Nothing that is emitted will ever be accepted. */
const GONE = 410;

/** Statuses below 500 that speak of the moment and not of the request: RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4. */
const MOMENTARY = [408, 425, 429];

export function verdictOn(status: number): Verdict {
  if (status >= 200 && status < 300) return "accepted";
  if (status === GONE) return "gone";
  return status >= 500 || MOMENTARY.includes(status) ? "try_again" : "refused";
}

/**
 * How long a `Retry-After` header asks to wait: seconds or a date (RFC 9110 §10.2.3).
 *
 * @param maxMs longer than this nobody makes us wait
 * @returns milliseconds; 0 if there is none, or none that can be read
 */
export function retryAfterMs(header: string | undefined, now: Date, maxMs: number): number {
  if (header === undefined) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), maxMs);
}
