import type { ClaimedDelivery, DeliveryAttempt, DeliveryRow, DeliveryStore } from "../ports/deliveries.ts";
import type { Page } from "../ports/page.ts";
import { jobById } from "./job-events.ts";
import { type Database, deliveryOf, type InTransaction, keyOf } from "./rows.ts";

/** The table of deliveries. A lease keeps other senders away, and ends by itself if its holder dies. */

type ClaimOptions = Parameters<DeliveryStore["claimDeliveries"]>[0];

export async function claimDeliveries(
  trx: InTransaction,
  { at, leaseMs, by, limit, exceptKeys = [] }: ClaimOptions,
): Promise<ClaimedDelivery[]> {
  let query = sendable(trx, at).selectAll("deliveries");
  if (exceptKeys.length > 0) query = query.where("jobs.keyId", "not in", exceptKeys);
  const rows = await query
    .orderBy("deliveries.nextAt")
    .orderBy("deliveries.id")
    .limit(limit)
    // What another sender is claiming is not waited for.
    .forUpdate("deliveries")
    .skipLocked()
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

/** Due deliveries without a lease, and without an earlier delivery of their job that is still pending. */
function sendable(db: Database, at: number) {
  return db
    .selectFrom("deliveries")
    .innerJoin("jobs", "jobs.id", "deliveries.jobId")
    .where("deliveries.state", "=", "pending")
    .where("deliveries.nextAt", "<=", at)
    .where(({ eb, or }) => or([eb("deliveries.leaseUntil", "is", null), eb("deliveries.leaseUntil", "<=", at)]))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("deliveries as before")
            .select("before.id")
            .whereRef("before.jobId", "=", "deliveries.jobId")
            .whereRef("before.seq", "<", "deliveries.seq")
            .where("before.state", "=", "pending")
            .where(({ eb, or }) =>
              or([eb("before.kind", "=", eb.ref("deliveries.kind")), eb("jobs.sharesHook", "=", 1)]),
            ),
        ),
      ),
    );
}

export async function noteAttempt(
  trx: InTransaction,
  attempt: DeliveryAttempt,
  outcome: Parameters<DeliveryStore["noteAttempt"]>[1],
  claim: Parameters<DeliveryStore["noteAttempt"]>[2],
): Promise<void> {
  const { deliveryId, number, at } = attempt;
  const row = await trx
    .selectFrom("deliveries")
    .selectAll()
    .where("id", "=", deliveryId)
    .forUpdate()
    .executeTakeFirst();
  if (row?.leaseBy !== claim.by) return;
  await trx
    .insertInto("attempts")
    .values(attempt)
    .onConflict((conflict) => conflict.columns(["deliveryId", "number"]).doNothing())
    .execute();
  const nextAt = outcome.state === "failed" ? outcome.nextAt : undefined;
  const state = outcome.state === "delivered" ? "delivered" : nextAt === undefined ? "dead" : "pending";
  const isResent = row.dueSince !== claim.dueSince;
  await trx
    .updateTable("deliveries")
    .set({ attempts: number, leaseUntil: null, leaseBy: null, ...(isResent ? {} : { state, nextAt: nextAt ?? at }) })
    .where("id", "=", deliveryId)
    .execute();
  if (!isResent && state !== "pending") await freeFollowing(trx, row, at);
}

/** Deliveries that waited for this one become due now, so their waiting does not count as a delay. */
async function freeFollowing(trx: InTransaction, { jobId, seq }: DeliveryRow, at: number): Promise<void> {
  await trx
    .updateTable("deliveries")
    .set({ nextAt: at })
    .where("jobId", "=", jobId)
    .where("seq", ">", seq)
    .where("state", "=", "pending")
    .where("nextAt", "<", at)
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

/** One query for a whole page of deliveries. */
export async function attemptsOf(
  db: Database,
  deliveryIds: readonly string[],
  newest: number,
): Promise<DeliveryAttempt[]> {
  if (deliveryIds.length === 0) return [];
  return await db
    .selectFrom("attempts")
    .innerJoin("deliveries", "deliveries.id", "attempts.deliveryId")
    .selectAll("attempts")
    .where("attempts.deliveryId", "in", deliveryIds)
    .where(({ eb, ref }) => eb("attempts.number", ">", eb(ref("deliveries.attempts"), "-", newest)))
    .orderBy("attempts.deliveryId")
    .orderBy("attempts.number")
    .execute();
}

export async function resend(trx: InTransaction, deliveryId: string, at: number): Promise<boolean> {
  const row = await deliveryById(trx, deliveryId);
  if (row === undefined) return false;
  // Whoever is sending it now sees by `dueSince` that it is to be sent again.
  const dueSince = Math.max(at, row.dueSince + 1);
  await trx
    .updateTable("deliveries")
    .set({ state: "pending", nextAt: at, dueSince })
    .where("id", "=", deliveryId)
    .execute();
  return true;
}

export async function countUndelivered(db: Database): Promise<{ readonly pending: number; readonly dead: number }> {
  const rows = await db
    .selectFrom("deliveries")
    .select((select) => ["state", select.fn.countAll<number>().as("count")])
    .where("state", "in", ["pending", "dead"])
    .groupBy("state")
    .execute();
  const countOf = (state: "pending" | "dead") => Number(rows.find((row) => row.state === state)?.count ?? 0);
  return { pending: countOf("pending"), dead: countOf("dead") };
}

export async function oldestDue(db: Database, at: number): Promise<number | undefined> {
  const row = await sendable(db, at)
    .select("deliveries.nextAt")
    .orderBy("deliveries.nextAt")
    .limit(1)
    .executeTakeFirst();
  return row?.nextAt;
}
