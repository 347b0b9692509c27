import type { ExitReason } from "../../../session/exit.ts";
import type { ServiceFailureCode } from "../../domain/job-row.ts";
import type { LiveCall, PoolBot } from "./pool-choice.ts";
import type { AutoRecordRule } from "./rules.ts";

/** All that decides whether a rule starts a call in a channel now. Times are epoch milliseconds. */
export interface Situation {
  readonly now: number;
  readonly channel: VoiceChannel;
  /** Who is in the channel, with bots. */
  readonly present: readonly Present[];
  /** Every rule of the server. */
  readonly rules: readonly AutoRecordRule[];
  /** Since when the people who are there would be enough for a rule; null if they are not. */
  readonly enoughSince: number | null;
  /** The server's calls that are not over. */
  readonly live: readonly RunningCall[];
  /** Calls of this channel that are over, newest first; as many as `PAST_CALLS`, or all. */
  readonly past: readonly PastCall[];
  /** When the channel was last seen without people; null if that is not known. */
  readonly emptyAt: number | null;
  /** The last start that the service refused; null if there was none lately. */
  readonly refused: Refusal | null;
  readonly bots: readonly PoolBot[];
}

export interface Refusal {
  readonly at: number;
  /** When it is tried again. */
  readonly until: number;
  readonly detail: string;
}

/** How many earlier calls of a channel a decision looks at. */
export const PAST_CALLS = 10;

export interface VoiceChannel {
  readonly id: string;
  readonly name: string;
  readonly categoryId: string | null;
  /** Discord moves people there who are idle. */
  readonly isAfk: boolean;
}

export interface Present {
  readonly userId: string;
  readonly isBot: boolean;
  readonly roleIds: readonly string[];
}

export interface RunningCall extends LiveCall {
  readonly origin: "command" | "rule";
}

export interface PastCall {
  readonly startedAt: number;
  readonly endedAt: number;
  /** The rule ended it, because too few people were there. */
  readonly endedByRule: boolean;
  /** Null if it never began. */
  readonly exitReason: ExitReason | null;
  readonly failureCode: ServiceFailureCode | null;
  readonly failureDetail: string | null;
}
