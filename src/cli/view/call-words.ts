import { EXIT_REASONS } from "../../session/exit.ts";
import { COUNTDOWN_WORDS, WAIT_WORDS } from "../../session/leaving/auto-leave.ts";
import { clock } from "../../text/clock.ts";
import { megabytes } from "../../text/megabytes.ts";
import { printable } from "../../text/safe-text.ts";
import type { Line } from "./fitting.ts";

/** What a view says about a call, the same at the worker's terminal and at that of somebody who watches. */

/** Before the name of somebody who speaks, and of somebody who does not. */
export const MARKS = { speaking: "●", silent: "·" } as const;

/** @param connection undefined if there is no call */
export function recordingWords(isPaused: boolean, connection: string | undefined): string {
  if (isPaused) return "PAUSED";
  return connection === undefined || connection === "live" ? "recording" : `recording (${connection})`;
}

export function inCallWords(isStopped: boolean): string {
  return isStopped ? "in call, recording stopped" : "in call";
}

/** @param exitReason null if it is not known yet */
export function finishingWords(exitReason: string | null): string {
  const reasons: Readonly<Record<string, { readonly sentence: string }>> = EXIT_REASONS;
  const sentence = exitReason === null ? undefined : reasons[exitReason]?.sentence;
  return sentence === undefined ? "finishing" : `finishing: ${sentence}`;
}

/**
 * When and why the bot leaves by itself. A newer service may have reasons that this version has no words for.
 *
 * @param waitsFor why the countdown waits; undefined if it runs
 */
export function leaveLine(exitReason: string, remainingMs: number, waitsFor: string | undefined): Line {
  const time = `leaves in ${clock(Math.ceil(Math.max(0, remainingMs) / 1_000))}`;
  const why = `${time}: ${wordsFor(COUNTDOWN_WORDS, exitReason)}`;
  return waitsFor === undefined ? [why, time] : [`${why} (waits: ${wordsFor(WAIT_WORDS, waitsFor)})`, why, time];
}

function wordsFor(words: Readonly<Record<string, string>>, code: string): string {
  return words[code] ?? printable(code);
}

export interface UploadCounts {
  readonly waitingFiles: number;
  readonly waitingBytes: number;
  readonly storedFiles: number;
  readonly failedFiles: number;
}

export function uploadLine({ waitingFiles, waitingBytes, storedFiles, failedFiles }: UploadCounts): Line {
  const failed = failedFiles > 0 ? `, ${failedFiles} failed` : "";
  const files = `${waitingFiles} waiting (${megabytes(waitingBytes)} MB), ${storedFiles} stored${failed}`;
  return [`uploads: ${files}`, `uploads: ${waitingFiles} waiting${failed}`];
}
