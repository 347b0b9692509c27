import { deliveryIdOf } from "../../delivery/delivery-id.ts";
import type { JobChange, TimerChange } from "../domain/job-input.ts";
import type { JobRow } from "../domain/job-row.ts";
import { type ServiceEvent, serviceOnceKey } from "../domain/service-events.ts";
import type { DeliveryRow } from "../ports/deliveries.ts";
import { type InTransaction, storedPatch } from "./rows.ts";

/** An event with its identity. */
export interface IdentifiedEvent {
  readonly id: string;
  readonly emittedAt: number;
  readonly data: ServiceEvent;
}

/** Writes a change: row, timers, events and deliveries. @returns the changed job */
export async function writeChange(
  trx: InTransaction,
  job: JobRow,
  { patch, timers, events }: JobChange,
  at: number,
): Promise<JobRow> {
  const next: JobRow = { ...job, ...patch, updatedAt: at };
  await trx
    .updateTable("jobs")
    .set(storedPatch({ ...patch, updatedAt: at }))
    .where("id", "=", job.id)
    .execute();
  for (const timer of timers) await writeTimer(trx, job.id, timer);
  for (const data of events) {
    // A job that is started again has the same states again, so the retry is part of the key.
    const key = `${next.retries} ${serviceOnceKey(data)}`;
    await addEvent(trx, next, { id: deliveryIdOf(job.id, key), emittedAt: at, data }, at);
  }
  return next;
}

export async function writeTimer(trx: InTransaction, jobId: string, { kind, dueAt }: TimerChange): Promise<void> {
  if (dueAt === null) {
    await trx.deleteFrom("timers").where("jobId", "=", jobId).where("kind", "=", kind).execute();
    return;
  }
  await trx
    .insertInto("timers")
    .values({ jobId, kind, dueAt })
    .onConflict((conflict) => conflict.columns(["jobId", "kind"]).doUpdateSet({ dueAt }))
    .execute();
}

/** The webhook that each event goes to. */
const KINDS: Readonly<Record<ServiceEvent["event"], DeliveryRow["kind"]>> = {
  "job.finalized": "finalize",
  "job.failed": "finalize",
  "job.status_changed": "status",
  "bot.usage_recorded": "status",
  "bot.competing_bot_detected": "status",
  "bot.recording_permission_response": "status",
  "recording.deleted": "status",
};

/** Adds an event, and a delivery if the job has a webhook for it. @returns false if the event exists already */
export async function addEvent(trx: InTransaction, job: JobRow, event: IdentifiedEvent, at: number): Promise<boolean> {
  const { id, emittedAt, data } = event;
  const dataJson = JSON.stringify(data);
  const there = await trx.selectFrom("events").select("seq").where("eventId", "=", id).executeTakeFirst();
  if (there !== undefined) return false;
  await trx
    .insertInto("events")
    .values({ jobId: job.id, eventId: id, type: data.event, emittedAt, dataJson })
    .execute();
  const kind = KINDS[data.event];
  if (!(kind === "status" ? job.hasStatusHook : job.hasFinalizeHook)) return true;
  const { last } = await trx
    .selectFrom("deliveries")
    .select((select) => select.fn.max("seq").as("last"))
    .where("jobId", "=", job.id)
    .executeTakeFirstOrThrow();
  await trx
    .insertInto("deliveries")
    .values({
      id,
      jobId: job.id,
      seq: (last ?? 0) + 1,
      event: data.event,
      kind,
      dataJson,
      emittedAt,
      state: "pending",
      attempts: 0,
      nextAt: at,
      dueSince: at,
      leaseUntil: null,
      leaseBy: null,
    })
    .execute();
  return true;
}
