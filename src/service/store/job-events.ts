import { deliveryIdOf } from "../../delivery/delivery-id.ts";
import type { Envelope } from "../../session/job-events.ts";
import type { JobInput } from "../domain/job-input.ts";
import type { JobRow } from "../domain/job-row.ts";
import { nextJob } from "../domain/transitions.ts";
import type { Applied } from "../ports/jobs.ts";
import type { Ingested } from "../ports/work.ts";
import { liveJobOfBot } from "./create-job.ts";
import { type Database, type InTransaction, jobOf } from "./rows.ts";
import { addEvent, writeChange } from "./write-change.ts";

/** Makes every change of a job: reads the row, decides, and writes all that follows, in one transaction. */
export async function applyJobEvent(trx: InTransaction, id: string, input: JobInput): Promise<Applied> {
  const job = await lockedJob(trx, id);
  if (job === undefined) return { kind: "not_found" };
  const change = nextJob(job, input);
  if (change === undefined) return { kind: "refused", job };
  if (input.type === "due") {
    const by = await liveJobOfBot(trx, job);
    if (by !== undefined) return { kind: "bot_busy", job, by };
  }
  return { kind: "applied", job: await writeChange(trx, job, change, input.at) };
}

/** Takes a worker's event. By its id it is recognised if it comes twice. By its token the attempt is known. */
export async function ingest(
  trx: InTransaction,
  tokenHash: string,
  envelope: Envelope,
  at: number,
): Promise<Ingested & { readonly jobId?: string }> {
  const token = await trx.selectFrom("ingestTokens").selectAll().where("hash", "=", tokenHash).executeTakeFirst();
  if (token === undefined || token.jobId !== envelope.data.jobId) return { kind: "unknown_token" };
  return await report(trx, token, envelope, at);
}

/** An event of a job's attempt, whoever vouches for it. */
export async function report(
  trx: InTransaction,
  { jobId, attempt }: { readonly jobId: string; readonly attempt: number },
  { deliveryId, emittedAt, data }: Envelope,
  at: number,
): Promise<Ingested & { readonly jobId?: string }> {
  const job = await lockedJob(trx, jobId);
  if (job === undefined) return { kind: "unknown_token" };
  if (attempt < job.attempt) return { kind: "stale", jobId };
  // A worker that was started again counts its events from the beginning.
  const id = job.retries === 0 ? deliveryId : deliveryIdOf(jobId, `${job.retries} ${deliveryId}`);
  if (await isThere(trx, id)) return { kind: "repeated", jobId };
  const change = nextJob(job, { type: "worker_event", at, attempt, event: data });
  if (change === undefined) return { kind: "ignored", jobId };
  // Written first, so the service's own events come after it.
  if (change.passOn) await addEvent(trx, job, { id, emittedAt: Date.parse(emittedAt), data }, at);
  await writeChange(trx, job, change, at);
  return { kind: "applied", jobId };
}

async function isThere(trx: InTransaction, eventId: string): Promise<boolean> {
  return (await trx.selectFrom("events").select("seq").where("eventId", "=", eventId).executeTakeFirst()) !== undefined;
}

export async function jobById(db: Database, id: string): Promise<JobRow | undefined> {
  const row = await db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirst();
  return row && jobOf(row);
}

/** The job, which no other transaction changes until this one ends. */
export async function lockedJob(trx: InTransaction, id: string): Promise<JobRow | undefined> {
  const row = await trx.selectFrom("jobs").selectAll().where("id", "=", id).forNoKeyUpdate().executeTakeFirst();
  return row && jobOf(row);
}

/** Locks several jobs. In one order, so that two transactions do not wait for each other. */
export async function lockJobs(trx: InTransaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await trx.selectFrom("jobs").select("id").where("id", "in", ids).orderBy("id").forNoKeyUpdate().execute();
}
