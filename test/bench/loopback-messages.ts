import type { EncryptionMode, Impairments } from "../../src/loopback/loopback.ts";
import type { LoadOptions } from "./load.ts";

/** Messages between the bench and the process that plays its calls. Calls have numbers of the bench's. */

export interface CallRequest {
  readonly load: LoadOptions;
  readonly impairments: Impairments;
  readonly encryptionMode: EncryptionMode;
  /** For the loopback's certificate. */
  readonly workDir: string;
}

export type HostRequest =
  | { readonly kind: "open"; readonly call: number; readonly request: CallRequest }
  | { readonly kind: "close"; readonly call: number };

/** What went out to the peer. */
export interface SentCounts {
  /** Datagrams on the wire: those that got lost on the way are not among them. */
  readonly sent: number;
  readonly lost: number;
  readonly swapped: number;
  /** How late the load was with its packets, in 99 of 100 looks at it. */
  readonly lagMs: number;
}

export type HostMessage = { readonly call: number } & (
  | { readonly kind: "open"; readonly environment: Readonly<Record<string, string>> }
  | { readonly kind: "started" }
  | ({ readonly kind: "sent" } & SentCounts)
  | { readonly kind: "played" }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly message: string }
);
