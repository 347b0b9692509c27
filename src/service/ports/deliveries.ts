import type { JobRow } from "../domain/job-row.ts";
import type { ServiceEvent } from "../domain/service-events.ts";
import type { Page } from "./jobs.ts";
import type { KeyRow } from "./keys.ts";

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
  /** When it was due first, or was resent: what the limit of 24 hours counts from. */
  readonly dueSince: number;
}

export interface DeliveryAttempt {
  readonly deliveryId: string;
  readonly number: number;
  readonly at: number;
  /** HTTP status; null without an answer. */
  readonly status: number | null;
  readonly latencyMs: number;
  readonly error: string | null;
}

/** A claimed delivery with what sending it needs. */
export interface ClaimedDelivery extends DeliveryRow {
  readonly job: JobRow;
  readonly key: KeyRow;
}

/** The one ledger of events that customers get. */
export interface DeliveryStore {
  /** Leases due deliveries; the next for an address only when the one of the job before it is delivered or dead. */
  claimDeliveries(options: {
    readonly at: number;
    readonly leaseMs: number;
    readonly by: string;
    readonly limit: number;
    /** Keys whose deliveries are left for later. */
    readonly exceptKeys?: readonly string[];
  }): Promise<readonly ClaimedDelivery[]>;
  /**
   * Notes an attempt and ends the lease. `nextAt` undefined makes a dead letter of an attempt that failed.
   *
   * @param by who has the lease; if somebody else has it by now, nothing is noted
   */
  noteAttempt(
    attempt: DeliveryAttempt,
    outcome: { readonly state: "delivered" } | { readonly state: "failed"; readonly nextAt: number | undefined },
    by: string,
  ): Promise<void>;
  deliveries(jobId: string, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<DeliveryRow>>;
  delivery(id: string): Promise<DeliveryRow | undefined>;
  attempts(deliveryId: string): Promise<readonly DeliveryAttempt[]>;
  /** Due at once, whatever its state; attempts are counted on. @returns false if there is none */
  resend(deliveryId: string, at: number): Promise<boolean>;
  /** Since when the oldest delivery that could be sent waits for a sender; undefined if none does. */
  oldestDue(at: number): Promise<number | undefined>;
}
