import type { CliAuthRow, KeyRow, KeyStore, Rotation } from "../ports/keys.ts";
import type { Database, InTransaction } from "./rows.ts";

export async function revokeKey(db: Database, id: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("keys")
    .set((eb) => ({ revokedAt: eb.fn.coalesce("revokedAt", eb.val(at)) }))
    .where("id", "=", id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function rotateWebhookSecret(
  trx: InTransaction,
  ...[id, { at, newSealed, oldUntil }]: Parameters<KeyStore["rotateWebhookSecret"]>
): Promise<Rotation> {
  const key = await trx.selectFrom("keys").selectAll().where("id", "=", id).forNoKeyUpdate().executeTakeFirst();
  if (key === undefined) return { kind: "not_found" };
  const { webhookSecretSealed, oldWebhookSecretUntil } = key;
  if (oldUntil !== null && oldWebhookSecretUntil !== null && oldWebhookSecretUntil > at) {
    return { kind: "overlaps", oldUntil: oldWebhookSecretUntil };
  }
  await trx
    .updateTable("keys")
    .set({
      webhookSecretSealed: newSealed,
      oldWebhookSecretSealed: oldUntil === null ? null : webhookSecretSealed,
      oldWebhookSecretUntil: oldUntil,
    })
    .where("id", "=", id)
    .execute();
  return { kind: "rotated", oldUntil };
}

export async function completeCliAuth(
  trx: InTransaction,
  userCode: string,
  keySealed: string,
  key: KeyRow,
  at: number,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("cliAuth")
    .set({ keySealed })
    .where("userCode", "=", userCode)
    .where("keySealed", "is", null)
    .where("expiresAt", ">", at)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await trx.insertInto("keys").values(key).execute();
  return true;
}

export async function waitingCliAuth(db: Database, userCode: string, at: number): Promise<CliAuthRow | undefined> {
  return await db
    .selectFrom("cliAuth")
    .selectAll()
    .where("userCode", "=", userCode)
    .where("keySealed", "is", null)
    .where("expiresAt", ">", at)
    .executeTakeFirst();
}

/** Returns a login, and deletes it if it is confirmed. */
export async function takeCliAuth(trx: InTransaction, nonceHash: string, at: number): Promise<CliAuthRow | undefined> {
  const row = await trx
    .selectFrom("cliAuth")
    .selectAll()
    .where("nonceHash", "=", nonceHash)
    .where("expiresAt", ">", at)
    .forUpdate()
    .executeTakeFirst();
  if (row !== undefined && row.keySealed !== null) {
    await trx.deleteFrom("cliAuth").where("nonceHash", "=", nonceHash).execute();
  }
  return row;
}
