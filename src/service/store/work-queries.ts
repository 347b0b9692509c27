import type { JobRow, WorkerTask } from "../domain/job-row.ts";
import { nextJob } from "../domain/transitions.ts";
import type { Claim, Timer } from "../ports/work.ts";
import { IDEMPOTENCY_MS } from "./create-job.ts";
import { lockedJob } from "./job-events.ts";
import { forgetLogins } from "./logins.ts";
import { type Database, type InTransaction, jobOf } from "./rows.ts";
import { writeChange } from "./write-change.ts";

export async function dueTimers(db: Database, at: number, limit: number): Promise<Timer[]> {
  return await db.selectFrom("timers").selectAll().where("dueAt", "<=", at).orderBy("dueAt").limit(limit).execute();
}

export async function makeRecoveriesDue(db: Database, at: number): Promise<void> {
  await db.updateTable("timers").set({ dueAt: at }).where("kind", "=", "recover").where("dueAt", ">", at).execute();
}

/** Jobs in the order of `joinAt`. Jobs over their key's limit are left out, so they do not block others. */
export async function startable(db: Database, limit: number, exceptBots: readonly string[] = []): Promise<JobRow[]> {
  let query = db
    .selectFrom("jobs")
    .selectAll("jobs")
    .where("status", "=", "queued")
    .where("claimedAt", "is", null)
    .where("ending", "is", null)
    .where(({ eb, selectFrom }) =>
      eb(
        selectFrom("jobs as others")
          .select((select) => select.fn.countAll<number>().as("count"))
          .whereRef("others.keyId", "=", "jobs.keyId")
          .where("others.claimedAt", "is not", null),
        "<",
        selectFrom("keys").select("maxConcurrent").whereRef("keys.id", "=", "jobs.keyId"),
      ),
    )
    .orderBy("joinAt")
    .orderBy("id")
    .limit(limit);
  if (exceptBots.length > 0) {
    query = query.where(({ eb, or }) => or([eb("retries", ">", 0), eb("botId", "not in", exceptBots)]));
  }
  return (await query.execute()).map(jobOf);
}

export async function claim(trx: InTransaction, jobId: string, claim: Claim): Promise<JobRow | undefined> {
  const { at, task, ingestTokenHash, controlTokenSealed } = claim;
  const job = await lockedJob(trx, jobId);
  if (job === undefined) return undefined;
  const change = nextJob(job, { type: "claimed", at, task, controlTokenSealed });
  if (change === undefined) return undefined;
  if (task === "record" && (await isKeyFull(trx, job.keyId))) return undefined;
  const next = await writeChange(trx, job, change, at);
  await trx.insertInto("ingestTokens").values({ hash: ingestTokenHash, jobId, attempt: next.attempt }).execute();
  return next;
}

/** Claims many jobs. What another process is claiming or changing is left to the next time, if it can wait. */
export async function claimMany(trx: InTransaction, claims: ReadonlyMap<string, Claim>): Promise<JobRow[]> {
  const free = await lockFree(trx, [...claims.keys()]);
  const claimed: JobRow[] = [];
  for (const [jobId, one] of claims) {
    // A recovery that is refused is not tried again, so it waits for the job.
    if (one.task === "record" && !free.has(jobId)) continue;
    const job = await claim(trx, jobId, one);
    if (job !== undefined) claimed.push(job);
  }
  return claimed;
}

/** Locks those jobs that nobody else has locked, and their keys, whose limits are counted. @returns their ids */
async function lockFree(trx: InTransaction, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const jobs = trx.selectFrom("jobs").select(["id", "keyId"]).where("id", "in", ids).orderBy("id");
  const rows = await jobs.forNoKeyUpdate().skipLocked().execute();
  const keyIds = rows.map(({ keyId }) => keyId);
  if (keyIds.length > 0) {
    await trx.selectFrom("keys").select("id").where("id", "in", keyIds).orderBy("id").forNoKeyUpdate().execute();
  }
  return new Set(rows.map(({ id }) => id));
}

async function isKeyFull(trx: InTransaction, keyId: string): Promise<boolean> {
  const { maxConcurrent } = await trx
    .selectFrom("keys")
    .select("maxConcurrent")
    .where("id", "=", keyId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const { count } = await trx
    .selectFrom("jobs")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("keyId", "=", keyId)
    .where("claimedAt", "is not", null)
    .executeTakeFirstOrThrow();
  return Number(count) >= maxConcurrent;
}

export async function claimed(db: Database): Promise<JobRow[]> {
  const rows = await db.selectFrom("jobs").selectAll().where("claimedAt", "is not", null).orderBy("id").execute();
  return rows.map(jobOf);
}

export async function countClaimed(db: Database): Promise<{ workers: number; recoveries: number }> {
  const rows = await db
    .selectFrom("jobs")
    .select((select) => ["task", select.fn.countAll<number>().as("count")])
    .where("claimedAt", "is not", null)
    .groupBy("task")
    .execute();
  const countOf = (task: WorkerTask): number => Number(rows.find((row) => row.task === task)?.count ?? 0);
  return { workers: countOf("record") + countOf("recover"), recoveries: countOf("recover") };
}

export async function renewDeadlines(trx: InTransaction, dispatchDueAt: number): Promise<void> {
  await trx.updateTable("timers").set({ dueAt: dispatchDueAt }).where("kind", "=", "dispatch").execute();
  await trx.deleteFrom("timers").where("kind", "=", "silence").execute();
}

export async function noteSeen(
  db: Database,
  jobId: string,
  attempt: number,
  { seenAt, untrackedSince }: { readonly seenAt?: number; readonly untrackedSince: number | null },
): Promise<void> {
  await db
    .updateTable("jobs")
    .set({ untrackedSince, ...(seenAt === undefined ? {} : { workerSeenAt: seenAt }) })
    .where("id", "=", jobId)
    .where("attempt", "=", attempt)
    .where("claimedAt", "is not", null)
    .execute();
}

export async function forgetOld(db: Database, at: number): Promise<void> {
  await db
    .deleteFrom("idempotency")
    .where("createdAt", "<=", at - IDEMPOTENCY_MS)
    .execute();
  await db.deleteFrom("cliAuth").where("expiresAt", "<=", at).execute();
  await db.deleteFrom("pageSessions").where("expiresAt", "<=", at).execute();
  await forgetLogins(db, at);
}
