import type { KeyRow } from "../ports/keys.ts";
import { type Database, keyOf } from "./rows.ts";

export async function keyOfSession(db: Database, hash: string, at: number): Promise<KeyRow | undefined> {
  const row = await db
    .selectFrom("keys")
    .innerJoin("pageSessions", "pageSessions.keyId", "keys.id")
    .selectAll("keys")
    .where("pageSessions.hash", "=", hash)
    .where("pageSessions.expiresAt", ">", at)
    .where("keys.revokedAt", "is", null)
    .executeTakeFirst();
  return row && keyOf(row);
}
