import { asSentence, secondsInWords } from "./words.ts";

/** The outcome of a request, and its sentence for people. Pure. */

/** What is wrong with one field of a request. */
export interface Issue {
  readonly path: readonly string[];
  readonly message: string;
}

export interface Refused {
  readonly kind: "refused";
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly issues: readonly Issue[];
  /** When a retry may succeed. */
  readonly retryAfterSeconds: number | undefined;
}

/** No answer from the service: nothing came, or a proxy answered instead. */
export interface Away {
  readonly kind: "away";
}

export type Failure = Refused | Away;

export type Outcome<Body> = { readonly kind: "ok"; readonly status: number; readonly body: Body } | Failure;

/** @param body as JSON; undefined if it is none, such as a proxy's page */
export function refusalOf(status: number, body: unknown, retryAfter: string | null): Failure {
  if (typeof body !== "object" || body === null || !("code" in body) || !("message" in body)) return { kind: "away" };
  const { code, message } = body;
  const issues = "issues" in body && Array.isArray(body.issues) ? (body.issues as Issue[]) : [];
  const retryAfterSeconds = /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) : undefined;
  return { kind: "refused", status, code: String(code), message: String(message), issues, retryAfterSeconds };
}

/** What went wrong, and when a retry helps. */
export function failureWords(failure: Failure): string {
  if (failure.kind === "away") return "The service does not answer. Try again when it is back.";
  const { message, retryAfterSeconds } = failure;
  const again = retryAfterSeconds === undefined ? "" : ` Try again in ${secondsInWords(retryAfterSeconds)}.`;
  return `${asSentence(message)}${again}`;
}

const WAITS_SECONDS = [1, 2, 5, 10, 15];

/** How long a page waits before it connects again, by how often it has failed. */
export function waitSeconds(failures: number, failure: Failure | undefined): number {
  if (failure?.kind === "refused" && failure.retryAfterSeconds !== undefined) return failure.retryAfterSeconds;
  return WAITS_SECONDS[Math.min(failures, WAITS_SECONDS.length) - 1] ?? 1;
}

/** The sentence above everything, as long as nothing is live. */
export function waitWords(failure: Failure | undefined, seconds: number): string {
  const why =
    failure?.kind === "refused" ? asSentence(failure.message) : "The service does not answer. What you see may be old.";
  return `${why} Trying again in ${secondsInWords(seconds)}.`;
}
