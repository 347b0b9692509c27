import { messageOf } from "../errors.ts";
import type { Envelope } from "../session/job-events.ts";
import { AddressRefusedError } from "./addresses.ts";
import { type Destination, nameOf } from "./destination.ts";
import { post } from "./post.ts";
import { retryAfterMs, type Verdict, verdictOn } from "./verdict.ts";

export interface ExchangeOptions {
  /** Names the software to receivers. */
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly now: Date;
  /** The longest wait that a `Retry-After` can request. */
  readonly maxWaitMs: number;
  /** Cancels the exchange. */
  readonly signal: AbortSignal;
}

/** The outcome of one attempt to deliver. */
export type Exchange =
  | { readonly verdict: "accepted"; readonly status: number }
  | {
      readonly verdict: Exclude<Verdict, "accepted">;
      /** Null without an answer. */
      readonly status: number | null;
      /** A sentence without the address's path and query, which may be secret. */
      readonly reason: string;
      /** The wait that the receiver requested; 0 if none. */
      readonly waitMs: number;
      readonly cause?: unknown;
    };

/** Sends an event once. */
export async function exchange(
  destination: Pick<Destination, "kind" | "url" | "credentials" | "lookup">,
  body: Buffer,
  { userAgent, timeoutMs, now, maxWaitMs, signal }: ExchangeOptions,
): Promise<Exchange> {
  const { url, lookup } = destination;
  const name = nameOf(destination);
  const headers = {
    "content-type": "application/json",
    "user-agent": userAgent,
    "x-meetbot-webhook-version": "2",
    ...destination.credentials(body),
  };
  try {
    const { status, retryAfter } = await post(url, { headers, body, timeoutMs, lookup, signal });
    const verdict = verdictOn(status);
    if (verdict === "accepted") return { verdict, status };
    const waitMs = retryAfterMs(retryAfter, now, maxWaitMs);
    return { verdict, status, reason: `${name} answered with ${status}`, waitMs };
  } catch (error) {
    const verdict = error instanceof AddressRefusedError ? "refused" : "try_again";
    const reason = `${name} could not be reached: ${reasonOf(error)}`;
    return { verdict, status: null, reason, waitMs: 0, cause: error };
  }
}

/** The bytes of an event in its envelope. */
export function envelopeBody(
  { deliveryId, emittedAt, data }: Pick<Envelope, "deliveryId" | "emittedAt"> & { readonly data: { event: string } },
  attempt: number,
): Buffer {
  const envelope = { deliveryId, event: data.event, emittedAt, attempt, version: 2, data };
  return Buffer.from(JSON.stringify(envelope), "utf8");
}

/** The message of an error; Node leaves it empty if it tried several addresses. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === "" && error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : message;
}
