import { setTimeout as sleep } from "node:timers/promises";
import { RateLimitError, type REST, type RESTOptions } from "@discordjs/rest";
import { Agent } from "undici";
import { withDeadline } from "../deadline.ts";
import type { Clock } from "../recording/ports/clock.ts";

/** Time for one request, including all of the library's own retries and waits. */
const REQUEST_LIMIT_MS = 30_000;
/**
 * If Discord asks for a longer wait than this, the request fails. Usual rate limits are a few seconds, blocks are
 * hours.
 */
const LONGEST_RATE_LIMIT_MS = 20_000;
/** The library adds 50 ms to a time that is not given. */
const NO_TIME_MS = 100;
/**
 * The pause after a rate limit that says no time, or 0. Discord blocks an address after 10,000 refused requests
 * in 10 minutes (its documentation, "Invalid Request Limit").
 */
const PAUSE_WITHOUT_TIME_MS = 1_000;

/** A hundred messages, the longest answer that is asked for, have less. */
const MAX_ANSWER_BYTES = 8 * 1_048_576;

/** Discord blocks such requests for longer than anyone would wait. */
export class RateLimitedError extends Error {
  override readonly name = "RateLimitedError";

  constructor(waitMs: number, options?: ErrorOptions) {
    const howLong = Number.isNaN(waitMs) ? "a time that it does not say" : `another ${Math.ceil(waitMs / 1_000)} s`;
    super(`Discord limits how often this may be asked, for ${howLong}`, options);
  }
}

/** @param apiUrl REST base URL without version; Discord's own if undefined */
export function restOptions(apiUrl: string | undefined): Partial<RESTOptions> {
  return {
    ...(apiUrl === undefined ? {} : { api: apiUrl }),
    agent: new Agent({ maxResponseSize: MAX_ANSWER_BYTES }),
    rejectOnRateLimit,
  };
}

/** The library waits for an answer, so this can add a pause: by itself it asks dozens of times a second if no time is given. */
async function rejectOnRateLimit(limit: RateLimitTimes): Promise<boolean> {
  const waitMs = waitOf(limit);
  // Not for a time that cannot be read, which is NaN.
  if (!(waitMs <= LONGEST_RATE_LIMIT_MS)) return true;
  if (waitMs < NO_TIME_MS) await sleep(PAUSE_WITHOUT_TIME_MS, undefined, { ref: false });
  return false;
}

/**
 * Gives each request of a client a reliable deadline. @discordjs/rest looks at a request's signal only while the request is
 * under way, not while its queue sleeps; and its queue computes pauses from wall time, which may be set back.
 */
export function boundRequests(rest: REST, clock: Pick<Clock, "sleep">): void {
  const request = rest.request.bind(rest);
  rest.request = async (options) => {
    try {
      return await withDeadline((signal) => request({ ...options, signal }), {
        ...{ what: "Discord", limitMs: REQUEST_LIMIT_MS, clock },
        stop: options.signal ?? undefined,
      });
    } catch (error) {
      // The cause is left out, because it quotes the request's address, which may contain an interaction's token.
      throw error instanceof RateLimitError ? new RateLimitedError(waitOf(error)) : error;
    }
  };
}

type RateLimitTimes = Pick<RateLimitError, "timeToReset" | "retryAfter" | "sublimitTimeout">;

function waitOf(limit: RateLimitTimes): number {
  return Math.max(limit.timeToReset, limit.retryAfter, limit.sublimitTimeout);
}
