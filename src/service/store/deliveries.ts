import type { ClaimedDelivery, DeliveryAttempt, DeliveryRow, DeliveryStore, Page } from "../ports.ts";
import { jobById } from "./job-events.ts";
import { type Database, deliveryOf, type InTransaction, keyOf } from "./rows.ts";

/** The ledger of deliveries. A lease keeps a second sender away, and ends by itself if its holder dies. */

type ClaimOptions = Parameters<DeliveryStore["claimDeliveries"]>[0];

export async function claimDeliveries(
  trx: InTransaction,
  { at, leaseMs, by, limit }: ClaimOptions,
): Promise<ClaimedDelivery[]> {
  const rows = await trx
    .selectFrom("deliveries")
    .selectAll("deliveries")
    .where("state", "=", "pending")
    .where("nextAt", "<=", at)
    .where(({ eb, or }) => or([eb("leaseUntil", "is", null), eb("leaseUntil", "<=", at)]))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("deliveries as before")
            .select("before.id")
            .whereRef("before.jobId", "=", "deliveries.jobId")
            .whereRef("before.kind", "=", "deliveries.kind")
            .whereRef("before.seq", "<", "deliveries.seq")
            .where("before.state", "=", "pending"),
        ),
      ),
    )
    .orderBy("nextAt")
    .orderBy("id")
    .limit(limit)
    .execute();
  const claimed: ClaimedDelivery[] = [];
  for (const row of rows) {
    const job = await jobById(trx, row.jobId);
    if (job === undefined) continue;
    const key = await trx.selectFrom("keys").selectAll().where("id", "=", job.keyId).executeTakeFirstOrThrow();
    await trx
      .updateTable("deliveries")
      .set({ leaseUntil: at + leaseMs, leaseBy: by })
      .where("id", "=", row.id)
      .execute();
    claimed.push({ ...deliveryOf(row), job, key: keyOf(key) });
  }
  return claimed;
}

export async function noteAttempt(
  trx: InTransaction,
  attempt: DeliveryAttempt,
  outcome: Parameters<DeliveryStore["noteAttempt"]>[1],
): Promise<void> {
  const { deliveryId, number, at } = attempt;
  await trx
    .insertInto("attempts")
    .values(attempt)
    .onConflict((conflict) => conflict.columns(["deliveryId", "number"]).doNothing())
    .execute();
  const nextAt = outcome.state === "failed" ? outcome.nextAt : undefined;
  await trx
    .updateTable("deliveries")
    .set({
      attempts: number,
      leaseUntil: null,
      leaseBy: null,
      state: outcome.state === "delivered" ? "delivered" : nextAt === undefined ? "dead" : "pending",
      nextAt: nextAt ?? at,
    })
    .where("id", "=", deliveryId)
    .execute();
}

/** Newest first. */
export async function listDeliveries(
  db: Database,
  jobId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<DeliveryRow>> {
  let query = db.selectFrom("deliveries").selectAll().where("jobId", "=", jobId);
  if (cursor !== undefined) query = query.where("seq", "<", Number(cursor));
  const rows = await query
    .orderBy("seq", "desc")
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map(deliveryOf);
  return { items, next: rows.length > limit ? String(items.at(-1)?.seq) : null };
}

export async function deliveryById(db: Database, id: string): Promise<DeliveryRow | undefined> {
  const row = await db.selectFrom("deliveries").selectAll().where("id", "=", id).executeTakeFirst();
  return row && deliveryOf(row);
}

export async function attemptsOf(db: Database, deliveryId: string): Promise<DeliveryAttempt[]> {
  return await db.selectFrom("attempts").selectAll().where("deliveryId", "=", deliveryId).orderBy("number").execute();
}

export async function resend(db: Database, deliveryId: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("deliveries")
    .set({ state: "pending", nextAt: at, dueSince: at })
    .where("id", "=", deliveryId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function oldestDue(db: Database, at: number): Promise<number | undefined> {
  const row = await db
    .selectFrom("deliveries")
    .select("nextAt")
    .where("state", "=", "pending")
    .where("nextAt", "<=", at)
    .orderBy("nextAt")
    .limit(1)
    .executeTakeFirst();
  return row?.nextAt;
}
