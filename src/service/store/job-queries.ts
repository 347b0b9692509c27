import type { JobRow, JobStatus } from "../domain/job-row.ts";
import { missedFrom } from "../domain/late.ts";
import { recordingDeleted } from "../domain/service-events.ts";
import type { JobFilter, ScheduledChange, StoredEvent, UsageRow } from "../ports/jobs.ts";
import type { Owner } from "../ports/keys.ts";
import type { Page } from "../ports/page.ts";
import { lockedJob } from "./job-events.ts";
import { type Database, type InTransaction, jobOf, storedPatch } from "./rows.ts";
import { writeChange, writeTimer } from "./write-change.ts";

/** Newest first, because ids sort by time. */
export async function listJobs(
  db: Database,
  { consumerId, mode }: Owner,
  { status, externalId, createdAfter, live, recorded }: JobFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<JobRow>> {
  let query = db.selectFrom("jobs").selectAll().where("consumerId", "=", consumerId).where("mode", "=", mode);
  if (status !== undefined) query = query.where("status", "=", status);
  if (externalId !== undefined) query = query.where("externalId", "=", externalId);
  if (createdAfter !== undefined) query = query.where("createdAt", ">", createdAfter);
  if (live === true) query = query.where("isLive", "=", 1);
  if (recorded === true) query = query.where("manifestUri", "is not", null).where("deletedAt", "is", null);
  if (cursor !== undefined) query = query.where("id", "<", cursor);
  const rows = await query
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map(jobOf);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

export async function changeScheduled(
  trx: InTransaction,
  id: string,
  changeOf: (job: JobRow) => ScheduledChange,
  at: number,
): Promise<JobRow | "dispatched" | undefined> {
  const job = await lockedJob(trx, id);
  if (job === undefined) return undefined;
  if (job.status !== "scheduled") return "dispatched";
  const change = changeOf(job);
  await trx
    .updateTable("jobs")
    .set(storedPatch({ ...change, updatedAt: at }))
    .where("id", "=", id)
    .execute();
  const next = { ...job, ...change, updatedAt: at };
  await writeTimer(trx, id, { kind: "join", dueAt: next.joinAt });
  await writeTimer(trx, id, { kind: "late", dueAt: missedFrom(next) });
  await writeTimer(trx, id, { kind: "retention", dueAt: next.retentionUntil });
  return next;
}

export async function eventsAfter(db: Database, jobId: string, seq: number, limit: number): Promise<StoredEvent[]> {
  return await db
    .selectFrom("events")
    .selectAll()
    .where("jobId", "=", jobId)
    .where("seq", ">", seq)
    .orderBy("seq")
    .limit(limit)
    .execute();
}

export async function usage(db: Database, { consumerId, mode }: Owner, from: number, to: number): Promise<UsageRow[]> {
  const rows = await db
    .selectFrom("jobs")
    .select(["id", "externalId", "endedAt", "durationSeconds", "billed"])
    .where("consumerId", "=", consumerId)
    .where("mode", "=", mode)
    .where("endedAt", ">=", from)
    .where("endedAt", "<", to)
    .where("durationSeconds", "is not", null)
    .orderBy("endedAt", "desc")
    .execute();
  return rows.map(({ id, externalId, endedAt, durationSeconds, billed }) => ({
    jobId: id,
    externalId,
    endedAt: endedAt ?? 0,
    seconds: Math.floor(durationSeconds ?? 0),
    billed: billed === 1,
  }));
}

/** @returns false if the recording is deleted already */
export async function markDeleted(trx: InTransaction, jobId: string, files: number, at: number): Promise<boolean> {
  const job = await lockedJob(trx, jobId);
  if (job === undefined || job.deletedAt !== null) return false;
  await forgetPeople(trx, jobId);
  await writeChange(
    trx,
    job,
    {
      patch: { deletedAt: at, retentionUntil: null },
      timers: [{ kind: "retention", dueAt: null }],
      events: [recordingDeleted(job, files)],
      passOn: true,
    },
    at,
  );
  return true;
}

/** Job events that name people. Of calls in Discord it is their title, and the ids of users. */
const NAMING = ["bot.recording_permission_response", "bot.competing_bot_detected"] as const;

async function forgetPeople(trx: InTransaction, jobId: string): Promise<void> {
  const naming = trx.selectFrom("deliveries").select("id").where("jobId", "=", jobId).where("event", "in", NAMING);
  await trx.deleteFrom("attempts").where("deliveryId", "in", naming).execute();
  await trx.deleteFrom("deliveries").where("jobId", "=", jobId).where("event", "in", NAMING).execute();
  await trx.deleteFrom("events").where("jobId", "=", jobId).where("type", "in", NAMING).execute();
  await trx.deleteFrom("endMessages").where("jobId", "=", jobId).execute();
  await trx.updateTable("discordCalls").set({ startedBy: null, title: null }).where("jobId", "=", jobId).execute();
  await trx.updateTable("sharedLinks").set({ madeFor: "" }).where("jobId", "=", jobId).execute();
}

export async function countByStatus(db: Database): Promise<Partial<Record<JobStatus, number>>> {
  const rows = await db
    .selectFrom("jobs")
    .select((select) => ["status", select.fn.countAll<number>().as("count")])
    .groupBy("status")
    .execute();
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
}
