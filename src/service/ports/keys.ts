import type { KeyMode } from "../domain/job-row.ts";

/** The owner of jobs: a key sees all jobs of its consumer in its own mode. */
export interface Owner {
  readonly consumerId: string;
  readonly mode: KeyMode;
}

export interface KeyRow extends Owner {
  readonly id: string;
  /** `operator` keys may also ask for the host's state. */
  readonly role: "customer" | "operator";
  readonly name: string;
  /** SHA-256 in hex. */
  readonly hash: string;
  readonly shownPrefix: string;
  /** The most live jobs at the same time; 0 allows none. */
  readonly maxConcurrent: number;
  readonly webhookSecretSealed: string;
  /** The previous secret, which is valid too until `oldWebhookSecretUntil`. */
  readonly oldWebhookSecretSealed: string | null;
  readonly oldWebhookSecretUntil: number | null;
  readonly storageUri: string | null;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

/** The result of a change of a key's webhook secret. */
export type Rotation =
  /** The one before is valid until then; null if it no longer is. */
  | { readonly kind: "rotated"; readonly oldUntil: number | null }
  /** Two are valid until then. A third one would end the one that receivers know. */
  | { readonly kind: "overlaps"; readonly oldUntil: number }
  | { readonly kind: "not_found" };

export interface KeyStore {
  addConsumer(consumer: { readonly id: string; readonly name: string; readonly createdAt: number }): Promise<void>;
  consumer(id: string): Promise<{ readonly id: string; readonly name: string; readonly createdAt: number } | undefined>;
  consumers(): Promise<readonly { readonly id: string; readonly name: string; readonly createdAt: number }[]>;
  addKey(key: KeyRow): Promise<void>;
  /** Also returns revoked keys: the caller decides what they may do. */
  keyByHash(hash: string): Promise<KeyRow | undefined>;
  key(id: string): Promise<KeyRow | undefined>;
  keys(): Promise<readonly KeyRow[]>;
  /** @returns false if there is no such key; revoking it again changes nothing */
  revokeKey(id: string, at: number): Promise<boolean>;
  /**
   * Replaces the webhook secret. The one before stays valid until `oldUntil`.
   *
   * @param change with `oldUntil: null` only the new secret is valid from now on, whatever was valid before
   */
  rotateWebhookSecret(
    id: string,
    change: { readonly at: number; readonly newSealed: string; readonly oldUntil: number | null },
  ): Promise<Rotation>;
}

/** A login of the command line (device flow). */
export interface CliAuthRow {
  readonly nonceHash: string;
  readonly userCode: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** The `User-Agent` and the address of the command line. Null in rows of an older version. */
  readonly client: string | null;
  readonly address: string | null;
  /** The new key, sealed; null until the login is confirmed. */
  readonly keySealed: string | null;
}

export interface CliAuthStore {
  addCliAuth(row: CliAuthRow): Promise<void>;
  /** Returns a login that is not confirmed yet. */
  waitingCliAuth(userCode: string, at: number): Promise<CliAuthRow | undefined>;
  /**
   * Adds the key for a login, in one transaction.
   *
   * @returns false if no login waits with this code; there is no new key then
   */
  completeCliAuth(userCode: string, keySealed: string, key: KeyRow, at: number): Promise<boolean>;
  /** Returns a login. A confirmed one is deleted with this, so its key is fetched at most once. */
  takeCliAuth(nonceHash: string, at: number): Promise<CliAuthRow | undefined>;
}
