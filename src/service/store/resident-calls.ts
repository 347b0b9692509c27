import type { Selectable } from "kysely";
import type { Page } from "../ports/page.ts";
import type { CallRow, CallToAdd, CallWithJob, EndMessageRow, ResidentStore } from "../ports/resident.ts";
import { type Database, type InTransaction, jobOf } from "./rows.ts";
import type { CallsTable, JobsTable } from "./schema.ts";

/** Calls that the resident records, and the messages at their end. */

export async function addCall(
  trx: InTransaction,
  jobId: string,
  { call, endMessages }: CallToAdd,
  at: number,
): Promise<void> {
  const row = { ...call, jobId, panelMessageId: null, panelEndedAt: null, createdAt: at };
  await trx.insertInto("discordCalls").values(row).execute();
  for (const { target, address } of endMessages) {
    const message = { jobId, target, address, attempts: 0, nextAt: at, state: "waiting", messageId: null } as const;
    await trx.insertInto("endMessages").values(message).execute();
  }
}

export async function callOf(db: Database, jobId: string): Promise<CallWithJob | undefined> {
  const call = await db.selectFrom("discordCalls").selectAll().where("jobId", "=", jobId).executeTakeFirst();
  return call && (await withJobs(db, [call]))[0];
}

export async function listCalls(
  db: Database,
  guildId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<CallWithJob>> {
  let query = db.selectFrom("discordCalls").selectAll().where("guildId", "=", guildId);
  if (cursor !== undefined) query = query.where("jobId", "<", cursor);
  const rows = await query
    .orderBy("jobId", "desc")
    .limit(limit + 1)
    .execute();
  const items = await withJobs(db, rows.slice(0, limit));
  return { items, next: rows.length > limit ? (items.at(-1)?.job.id ?? null) : null };
}

/** A panel that shows the end shows that the job is over, so the job's status need not be asked for. */
export async function openCalls(db: Database): Promise<CallWithJob[]> {
  const rows = await db
    .selectFrom("discordCalls")
    .selectAll()
    .where("panelEndedAt", "is", null)
    .orderBy("jobId")
    .execute();
  return await withJobs(db, rows);
}

export async function dueEndMessages(
  db: Database,
  at: number,
  limit: number,
): Promise<(EndMessageRow & CallWithJob)[]> {
  const messages = await db
    .selectFrom("endMessages")
    .innerJoin("jobs", "jobs.id", "endMessages.jobId")
    .selectAll("endMessages")
    .where("endMessages.state", "=", "waiting")
    .where("endMessages.nextAt", "<=", at)
    .where("jobs.status", "in", ["completed", "failed", "cancelled"])
    .where("jobs.claimedAt", "is", null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("timers")
            .select("timers.jobId")
            .whereRef("timers.jobId", "=", "endMessages.jobId")
            .where("timers.kind", "=", "recover"),
        ),
      ),
    )
    .orderBy("endMessages.nextAt")
    .orderBy("endMessages.jobId")
    .orderBy("endMessages.target")
    .limit(limit)
    .execute();
  const due: (EndMessageRow & CallWithJob)[] = [];
  for (const message of messages) {
    const call = await callOf(db, message.jobId);
    if (call !== undefined) due.push({ ...message, ...call });
  }
  return due;
}

export async function noteEndMessage(
  db: Database,
  ...[{ jobId, target }, outcome]: Parameters<ResidentStore["noteEndMessage"]>
): Promise<void> {
  await db
    .updateTable("endMessages")
    .set((eb) => ({ ...outcome, attempts: eb("attempts", "+", 1) }))
    .where("jobId", "=", jobId)
    .where("target", "=", target)
    .where("state", "=", "waiting")
    .execute();
}

async function withJobs(db: Database, calls: readonly Selectable<CallsTable>[]): Promise<CallWithJob[]> {
  if (calls.length === 0) return [];
  const ids = calls.map(({ jobId }) => jobId);
  const rows: Selectable<JobsTable>[] = await db.selectFrom("jobs").selectAll().where("id", "in", ids).execute();
  const jobs = new Map(rows.map((row) => [row.id, jobOf(row)]));
  return calls.flatMap((call) => {
    const job = jobs.get(call.jobId);
    return job === undefined ? [] : [{ call: callRow(call), job }];
  });
}

function callRow({ origin, ruleId, ...row }: Selectable<CallsTable>): CallRow {
  return origin === "rule" ? { ...row, origin, ruleId: ruleId ?? "" } : { ...row, origin, ruleId: null };
}
