import type { FailureCode, Fault } from "../errors.ts";

/**
 * How jobs end. There is one table for each of the two lists that customers parse; the tables of
 * `docs/reference/exit-reasons.md` are made from them.
 */

/** Why a recording ended, in the manifest's `exitReason`. */
export type ExitReason =
  | "alone_in_room"
  | "silence_timeout"
  | "max_duration"
  | "nobody_joined"
  | "competing_bot"
  | "leave_requested"
  | "stop_requested"
  | "shutdown"
  | "removed_from_meeting"
  | "meeting_ended"
  | "network_loss"
  | "cancelled"
  | "internal_error";

/** The end of a call that had been joined. */
export interface CallEnd {
  readonly exitReason: ExitReason;
  /** One sentence with the rule or event, since when, and the facts. */
  readonly detail: string;
  /** Set if it is more specific than the reason's own code. */
  readonly failureCode?: FailureCode;
}

/** The customer's `failure_code`; null if the call ended as intended. */
export function failureCodeOf(end: CallEnd): FailureCode | null {
  return end.failureCode ?? EXIT_REASONS[end.exitReason].failureCode;
}

export interface ExitReasonRow {
  readonly meaning: string;
  /** For people, who see no codes. */
  readonly sentence: string;
  /** The manifest has it next to the reason if the call did not end as intended. */
  readonly failureCode: FailureCode | null;
}

export const EXIT_REASONS: Readonly<Record<ExitReason, ExitReasonRow>> = {
  alone_in_room: {
    meaning: "everybody else has left (solo threshold)",
    sentence: "Everybody had left the call.",
    failureCode: null,
  },
  silence_timeout: {
    meaning: "nobody spoke (silence threshold)",
    sentence: "Nobody had spoken for a long time.",
    failureCode: null,
  },
  max_duration: {
    meaning: "the longest duration was reached",
    sentence: "The call reached the longest duration that the bot records.",
    failureCode: null,
  },
  nobody_joined: {
    meaning: "no person ever joined (entry delay)",
    sentence: "No person joined the call.",
    failureCode: "lobby_timeout",
  },
  competing_bot: {
    meaning: "another recorder is in the channel",
    sentence: "Another recording bot was in the call.",
    failureCode: null,
  },
  leave_requested: {
    meaning: "the control interface or a key asked it to leave",
    sentence: "Somebody asked the bot to leave.",
    failureCode: null,
  },
  stop_requested: {
    meaning: "the control interface asked it to stop recording",
    sentence: "Somebody stopped the recording.",
    failureCode: null,
  },
  shutdown: { meaning: "SIGTERM or Ctrl-C", sentence: "The recorder was shut down.", failureCode: null },
  removed_from_meeting: {
    meaning: "a person disconnected the bot, or removed it from the server",
    sentence: "Somebody removed the bot from the call or from the server.",
    failureCode: "removed_from_meeting",
  },
  meeting_ended: {
    meaning: "the channel or the server was deleted",
    sentence: "The channel or the server was deleted.",
    failureCode: "meeting_ended",
  },
  network_loss: {
    meaning: "Discord could not be reached for too long",
    sentence: "The connection to Discord was lost.",
    failureCode: "network_loss",
  },
  cancelled: { meaning: "the job was deleted", sentence: "The job was cancelled.", failureCode: null },
  internal_error: {
    meaning: "the worker failed because of an internal error",
    sentence: "The recorder failed because of an internal error.",
    failureCode: "internal_error",
  },
};

/** Why a call ended, as one sentence for people: the detail, or the reason's sentence if there is no detail. */
export function endSentence(end: Pick<CallEnd, "exitReason" | "detail">): string {
  const detail = end.detail.trim();
  if (detail === "") return EXIT_REASONS[end.exitReason].sentence;
  const sentence = `${detail.charAt(0).toUpperCase()}${detail.slice(1)}`;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

export interface FailureRow {
  readonly meaning: string;
  readonly fault: Fault;
  /** Whether the same job may succeed later without any change. */
  readonly retryable: boolean;
  /** Process exit code if nothing was recorded. */
  readonly exitCode: ExitCode;
}

export type ExitCode = 0 | 1 | 2 | 3 | 5;

export const FAILURES: Readonly<Record<FailureCode, FailureRow>> = {
  auth_failure: {
    meaning:
      "the bot token is wrong or revoked, an intent is missing that the job cannot do without, or the storage refuses the credentials",
    fault: "customer",
    retryable: false,
    exitCode: 3,
  },
  meeting_not_found: {
    meaning: "the server or channel is unknown to the bot, or not a voice channel",
    fault: "customer",
    retryable: false,
    exitCode: 1,
  },
  host_denied_admission: {
    meaning: "the bot may not see or enter the channel, is in time-out, or the channel is full",
    fault: "customer",
    retryable: false,
    exitCode: 1,
  },
  lobby_timeout: {
    meaning:
      "the voice server did not answer in time, or Discord has an outage of the server; also the failure code of `nobody_joined`",
    fault: "platform",
    retryable: true,
    exitCode: 2,
  },
  removed_from_meeting: {
    meaning: "a person disconnected the bot, or removed it from the server",
    fault: "customer",
    retryable: false,
    exitCode: 2,
  },
  meeting_ended: { meaning: "the channel or server is gone", fault: "customer", retryable: false, exitCode: 2 },
  network_loss: {
    meaning: "Discord, or at the start the storage, could not be reached, or Discord was lost for too long",
    fault: "platform",
    retryable: true,
    exitCode: 2,
  },
  recording_disabled: {
    meaning: "the call is encrypted in a way that this worker cannot read",
    fault: "platform",
    retryable: false,
    exitCode: 2,
  },
  internal_error: {
    meaning: "the worker failed because of an internal error",
    fault: "ours",
    retryable: true,
    exitCode: 2,
  },
};

export const EXIT_CODES: Readonly<Record<ExitCode, string>> = {
  0: "the job is over, and everything is stored and delivered, or given up: whole recordings, partial ones, and `nobody_joined`",
  1: "wrong input or configuration, such as a storage that does not exist; or a server or channel that the bot does not know or may not enter",
  2: "Discord, the storage or the network failed before anything was recorded",
  3: "not authenticated: the bot token is wrong or revoked, or the storage refuses the credentials",
  5: "recorded, but not everything could be stored or delivered: the spool is kept, and `recover` finishes the job",
};

/** The request to stop ended the recording. The reason why the bot left later goes into the detail. */
export function afterStop(end: CallEnd): CallEnd {
  if (failureCodeOf(end) !== null) return end;
  return {
    exitReason: "stop_requested",
    detail: `recording was stopped by request; the bot left later: ${end.detail}`,
  };
}
