import type { JobRow } from "../domain/job-row.ts";
import type { ServiceEvent } from "../domain/service-events.ts";
import type { KeyRow } from "./keys.ts";
import type { Page } from "./page.ts";

export type DeliveryState = "pending" | "delivered" | "dead";

export interface DeliveryRow {
  /** `dlv_` and 26 characters; the same as the event's id. */
  readonly id: string;
  readonly jobId: string;
  /** The order within the job. */
  readonly seq: number;
  readonly event: ServiceEvent["event"];
  /** Which of the job's webhooks it is for. */
  readonly kind: "status" | "finalize";
  readonly dataJson: string;
  readonly emittedAt: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAt: number;
  /** When it was first due, or was resent. The limit of 24 hours counts from here. Each resend changes it. */
  readonly dueSince: number;
}

export interface DeliveryAttempt {
  readonly deliveryId: string;
  readonly number: number;
  readonly at: number;
  /** HTTP status; null if there was no answer. */
  readonly status: number | null;
  readonly latencyMs: number;
  readonly error: string | null;
}

/** A claimed delivery, with all that is needed to send it. */
export interface ClaimedDelivery extends DeliveryRow {
  readonly job: JobRow;
  readonly key: KeyRow;
}

/** The one ledger of events that customers get. */
export interface DeliveryStore {
  /** Leases due deliveries. For each job and address an event waits until the one before it is delivered or dead. */
  claimDeliveries(options: {
    readonly at: number;
    readonly leaseMs: number;
    readonly by: string;
    readonly limit: number;
    /** Keys whose deliveries are skipped this time. */
    readonly exceptKeys?: readonly string[];
  }): Promise<readonly ClaimedDelivery[]>;
  /**
   * Notes an attempt and ends the lease. If it failed and `nextAt` is undefined, the delivery becomes a dead letter.
   *
   * @param claim the sender that claimed it, and its `dueSince` at that time. If another sender has the lease meanwhile,
   *   nothing is noted. If the delivery was resent meanwhile, the attempt is noted and the delivery stays due.
   */
  noteAttempt(
    attempt: DeliveryAttempt,
    outcome: { readonly state: "delivered" } | { readonly state: "failed"; readonly nextAt: number | undefined },
    claim: { readonly by: string; readonly dueSince: number },
  ): Promise<void>;
  deliveries(jobId: string, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<DeliveryRow>>;
  delivery(id: string): Promise<DeliveryRow | undefined>;
  /** The newest attempts of each of these deliveries, in order. */
  attempts(deliveryIds: readonly string[], newest: number): Promise<readonly DeliveryAttempt[]>;
  /**
   * Makes a delivery due at once, in any state, even while it is being sent. The count of attempts continues.
   *
   * @returns false if there is none
   */
  resend(deliveryId: string, at: number): Promise<boolean>;
  /** Counts the deliveries of all jobs that are pending or dead. */
  countUndelivered(): Promise<{ readonly pending: number; readonly dead: number }>;
  /** When the oldest delivery that could be sent became due; undefined if none is due. */
  oldestDue(at: number): Promise<number | undefined>;
}
