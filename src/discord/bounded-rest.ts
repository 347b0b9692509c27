import { RateLimitError, type REST, type RESTOptions } from "discord.js";
import { withDeadline } from "../deadline.ts";
import type { Clock } from "../recording/ports/clock.ts";

/** For one request with all of discord.js' own attempts and waiting. */
const REQUEST_LIMIT_MS = 30_000;
/** What Discord asks to wait longer than this is not waited for. Usual limits are a few seconds, blocks are hours. */
const LONGEST_RATE_LIMIT_MS = 20_000;

/** Discord takes no such request for longer than anybody waits. */
export class RateLimitedError extends Error {
  override readonly name = "RateLimitedError";

  constructor(waitMs: number, options?: ErrorOptions) {
    super(`Discord limits how often this may be asked, for another ${Math.ceil(waitMs / 1_000)} s`, options);
  }
}

/** @param apiUrl REST base URL without version; Discord's own if undefined */
export function restOptions(apiUrl: string | undefined): Partial<RESTOptions> {
  return {
    ...(apiUrl === undefined ? {} : { api: apiUrl }),
    rejectOnRateLimit: (limit) => waitOf(limit) > LONGEST_RATE_LIMIT_MS,
  };
}

/**
 * Gives each request of a client a deadline that holds. discord.js looks at a request's signal only while the request is
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
      // Without its cause: that one quotes the request's address, which may hold an interaction's token.
      throw error instanceof RateLimitError ? new RateLimitedError(waitOf(error)) : error;
    }
  };
}

function waitOf(limit: Pick<RateLimitError, "timeToReset" | "retryAfter" | "sublimitTimeout">): number {
  return Math.max(limit.timeToReset, limit.retryAfter, limit.sublimitTimeout);
}
