import { clock, lengthInWords } from "../../../report/browser/format.ts";
import { COUNTDOWN_WORDS, WAIT_WORDS } from "../../../session/leaving/auto-leave.ts";
import type { PageJob, PageLive, ServiceStatus } from "../page-data.ts";

/** Sentences about jobs. Pure. */

const STATUS_WORDS: Readonly<Record<ServiceStatus, string>> = {
  scheduled: "Scheduled",
  queued: "Waiting for a worker",
  joining: "Joining",
  in_call: "In the call",
  recording: "Recording",
  finalizing: "Finishing",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

const OVER: ReadonlySet<ServiceStatus> = new Set(["completed", "failed", "cancelled"]);

type Stated = Pick<PageJob, "status" | "paused" | "stopped" | "ending">;

export function isOver({ status }: Pick<PageJob, "status">): boolean {
  return OVER.has(status);
}

export function statusName(status: ServiceStatus): string {
  return STATUS_WORDS[status];
}

/** The state in two or three words. */
export function stateWords(job: Stated): string {
  if (job.ending !== null && !isOver(job)) return job.ending === "cancel" ? "Being cancelled" : "Leaving";
  if (job.paused) return "Paused";
  return job.stopped ? "In the call, recording stopped" : STATUS_WORDS[job.status];
}

/** The customer's own name of a job, or its id. */
export function titleOf({ externalId, id }: Pick<PageJob, "externalId" | "id">): string {
  return externalId ?? id;
}

/** Why a job ended, as a sentence; undefined if there is nothing to say. */
export function endWords({ end }: Pick<PageJob, "end">): string | undefined {
  return end === null ? undefined : asSentence(end);
}

type Countdown = NonNullable<PageLive["live"]>["autoLeave"][number];

/**
 * What a countdown says now.
 *
 * @param passedSeconds since the worker said it; a countdown that waits stays
 */
export function countdownWords({ exitReason, remainingSeconds, waitsFor }: Countdown, passedSeconds: number): string {
  const left = waitsFor === null ? remainingSeconds - passedSeconds : remainingSeconds;
  const why = (COUNTDOWN_WORDS as Readonly<Record<string, string | undefined>>)[exitReason] ?? exitReason;
  const words = `Leaves in ${clock(Math.ceil(Math.max(0, left)) * 1_000)}: ${why}`;
  return waitsFor === null ? words : `${words} (waits: ${WAIT_WORDS[waitsFor]})`;
}

const SHOWN_NAMES = 8;

/** Names for one line: as many as there is room for, and how many more. */
export function shortList(names: readonly string[]): { readonly shown: readonly string[]; readonly more: number } {
  return { shown: names.slice(0, SHOWN_NAMES), more: Math.max(0, names.length - SHOWN_NAMES) };
}

/** What a screen reader announces after a change; undefined if the state is the same. */
export function announcementOf(before: Stated | undefined, after: PageJob): string | undefined {
  if (before !== undefined && stateWords(before) === stateWords(after)) return undefined;
  const end = endWords(after);
  return `${titleOf(after)}: ${stateWords(after)}.${end === undefined ? "" : ` ${end}`}`;
}

/** A clause of the service, as a sentence. */
export function asSentence(clause: string): string {
  const text = clause.trim();
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** A length of whole seconds in words. */
export function secondsInWords(seconds: number): string {
  return lengthInWords(seconds * 1_000);
}

/** `1 file`, `2 files` */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
