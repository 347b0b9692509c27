import type { KeyRow } from "./keys.ts";

/** A browser that was let in with a key. */
export interface PageSession {
  /** SHA-256 in hex of what the browser's cookie holds. */
  readonly hash: string;
  readonly keyId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface SessionStore {
  addSession(session: PageSession): Promise<void>;
  /** @returns undefined if the session is over, or its key was revoked */
  keyOfSession(hash: string, at: number): Promise<KeyRow | undefined>;
  removeSession(hash: string): Promise<void>;
}
