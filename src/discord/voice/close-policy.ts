import type { FailureCode } from "../../errors.ts";

/**
 * Decides what to do when Discord closes the voice gateway's socket ("Voice Close Event Codes"). In most cases the
 * library would rejoin at once, forever.
 */
export type CloseAction =
  /** Ask the gateway for a voice server again, after a delay with backoff. */
  | { readonly kind: "rejoin" }
  /** Leave the channel, wait, and join again: the session itself is refused. */
  | { readonly kind: "fresh" }
  /** A person may have moved the bot. Wait for the gateway's explanation, and otherwise rejoin. */
  | { readonly kind: "await_signalling"; readonly ms: number }
  /** Wait, because asking at once would make it worse. */
  | { readonly kind: "pause"; readonly ms: number }
  | { readonly kind: "fatal"; readonly failureCode: FailureCode; readonly detail: string };

/** Attempts with one session before a new one is requested. */
const ATTEMPTS_WITH_ONE_SESSION = 3;
const MOVE_MS = 5_000;
/** 4021, "rate limited": Discord asks not to reconnect; a few minutes later it may let us in again. */
const RATE_LIMITED_MS = 180_000;
/** 4022, "call terminated": only a new voice server can bring it back. */
const CALL_OVER_MS = 20_000;

/** @param attempt how many connections have failed since the last one that was ready, this one included */
export function decideOnClose(code: number, attempt: number): CloseAction {
  switch (code) {
    case 4006: // session no longer valid
    case 4009: // session timeout
      return attempt > ATTEMPTS_WITH_ONE_SESSION ? { kind: "fresh" } : { kind: "rejoin" };
    case 4014: // disconnected: kicked, moved, or the channel was deleted
      return { kind: "await_signalling", ms: MOVE_MS };
    case 4017:
      return {
        kind: "fatal",
        failureCode: "recording_disabled",
        detail: "Discord demands an end-to-end encryption that this worker does not speak (voice close code 4017)",
      };
    case 4021:
      return { kind: "pause", ms: RATE_LIMITED_MS };
    case 4022:
      return { kind: "await_signalling", ms: CALL_OVER_MS };
    case 4012: // unknown protocol
    case 4016: // unknown encryption mode
      return attempt > 1 ? unspeakable(code) : { kind: "rejoin" };
    default:
      if (code < 4_000 || code === 4015) {
        return attempt > ATTEMPTS_WITH_ONE_SESSION ? { kind: "fresh" } : { kind: "rejoin" };
      }
      return attempt > 1 ? refused(code) : { kind: "rejoin" };
  }
}

function unspeakable(code: number): CloseAction {
  const detail = `Discord's voice server wants a protocol that this worker does not speak (voice close code ${code})`;
  return { kind: "fatal", failureCode: "recording_disabled", detail };
}

function refused(code: number): CloseAction {
  return {
    kind: "fatal",
    failureCode: "network_loss",
    detail: `Discord's voice server refused the connection twice (voice close code ${code})`,
  };
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/**
 * Exponential backoff with jitter. Half the delay is fixed, so there is never a tight loop.
 *
 * @param random from 0 to 1
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random;
}
