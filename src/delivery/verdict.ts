/** The meaning of a status for a delivery. */
export type Verdict = "accepted" | "try_again" | "refused" | "gone";

/** The receiver is gone for good: RFC 9110 §15.5.11. It will never accept any event. */
const GONE = 410;

/** Statuses below 500 for temporary problems: RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4. */
const MOMENTARY = [408, 425, 429];

export function verdictOn(status: number): Verdict {
  if (status >= 200 && status < 300) return "accepted";
  if (status === GONE) return "gone";
  return status >= 500 || MOMENTARY.includes(status) ? "try_again" : "refused";
}

/**
 * The wait that a `Retry-After` header requests, in seconds or as a date (RFC 9110 §10.2.3).
 *
 * @param maxMs the longest wait
 * @returns milliseconds; 0 if the header is missing or unreadable
 */
export function retryAfterMs(header: string | undefined, now: Date, maxMs: number): number {
  if (header === undefined) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), maxMs);
}
