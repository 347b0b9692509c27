import type { JobView } from "../../session/job-view.ts";
import type { ServiceJob } from "../api/schemas/job-answer.ts";
import type { Obstacles } from "../domain/verbs.ts";

/** What the page gets from its own routes. The rest is the API's. */

export type ServiceStatus = ServiceJob["status"];
export type { DeliveryView } from "../api/schemas/ledger.ts";
export type { RecordingSummary } from "../api/schemas/recording-answer.ts";

/** The API's job, and the obstacles of its actions. */
export interface PageJob extends ServiceJob {
  readonly obstacles: Obstacles;
  /** Why it ended, in a clause or a sentence; null before the end, or without a reason. */
  readonly end: string | null;
}

/** What a job's worker says now. */
export interface PageLive {
  readonly id: string;
  readonly live: JobView | null;
  /** Why there is none, if a worker should be there. */
  readonly liveProblem: string | null;
}

export interface PageJobs {
  readonly data: readonly PageJob[];
  readonly nextCursor: string | null;
}

/** Who is signed in. */
export interface PageAccount {
  readonly id: string;
  readonly name: string;
  readonly key: {
    readonly id: string;
    readonly name: string;
    readonly shownPrefix: string;
    readonly mode: "live" | "test";
    readonly role: "customer" | "operator";
    readonly createdAt: string;
  };
  readonly limits: { readonly maxConcurrent: number; readonly requestsPerSecond: number };
  /** The recorded calls that a test key may play; the first one is the default. */
  readonly fixtures: readonly string[];
}

/** A login of a command line that waits for somebody to confirm it. */
export interface PageLogin {
  readonly userCode: string;
  /** The `User-Agent` of the command line. */
  readonly client: string | null;
  readonly address: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
}
