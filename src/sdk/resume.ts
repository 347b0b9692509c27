import { MeetbotConnectionError, MeetbotHttpError } from "./errors.ts";
import type { Settings } from "./options.ts";
import { isRetried, pauseMs } from "./retry.ts";

/**
 * How long to wait before a stream that was interrupted is opened again.
 *
 * @param failures how often it failed since something came
 * @throws the error itself, if it will not pass or there were too many
 */
export function resumeMs(error: unknown, failures: number, maxRetries: number, settings: Settings): number {
  const isBusy = error instanceof MeetbotHttpError && isRetried(error.status);
  const askedMs = isBusy && error.retryAfterSeconds !== undefined ? error.retryAfterSeconds * 1_000 : undefined;
  const mayPass = isBusy || error instanceof MeetbotConnectionError;
  if (!mayPass || failures >= maxRetries || (askedMs ?? 0) > settings.maxRetryAfterMs) throw error;
  return pauseMs(settings.firstPauseMs, failures, Math.random(), askedMs);
}
