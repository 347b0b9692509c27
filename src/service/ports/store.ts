import type { DeliveryStore } from "./deliveries.ts";
import type { JobStore } from "./jobs.ts";
import type { CliAuthStore, KeyStore } from "./keys.ts";
import type { LoginStore } from "./logins.ts";
import type { ResidentStore } from "./resident.ts";
import type { SessionStore } from "./sessions.ts";
import type { SharedLinkStore } from "./shared-links.ts";
import type { WorkStore } from "./work.ts";

/** The database does not answer. This is never the caller's fault, so the API answers with 503. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}

export interface Store extends KeyStore, JobStore, WorkStore, DeliveryStore, CliAuthStore, SessionStore {
  readonly resident: ResidentStore;
  readonly sharedLinks: SharedLinkStore;
  readonly logins: LoginStore;
  close(): Promise<void>;
}

/** Seals secrets for the database. A text that was sealed for one purpose cannot be opened for another. */
export interface Sealer {
  seal(text: string, purpose: string): string;
  /** @throws Error if the key is not there, or the text was changed */
  open(sealed: string, purpose: string): string;
}
