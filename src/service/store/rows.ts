import type { Insertable, Kysely, Selectable, Transaction, Updateable } from "kysely";
import { isLive, type JobRow } from "../domain/job-row.ts";
import type { DeliveryRow } from "../ports/deliveries.ts";
import type { KeyRow } from "../ports/keys.ts";
import type { ColumnsOf, DeliveriesTable, JobsTable, Tables } from "./schema.ts";

/** A query runs on the database, or inside a transaction. */
export type Database = Kysely<Tables>;
export type InTransaction = Transaction<Tables>;

export function jobOf({ isLive: _, ...row }: Selectable<JobsTable>): JobRow {
  return {
    ...row,
    paused: row.paused === 1,
    stopped: row.stopped === 1,
    hasStatusHook: row.hasStatusHook === 1,
    hasFinalizeHook: row.hasFinalizeHook === 1,
    sharesHook: row.sharesHook === 1,
    dispatchFailed: row.dispatchFailed === 1,
    billed: row.billed === null ? null : row.billed === 1,
  };
}

export function storedJob(job: JobRow): Insertable<JobsTable> {
  return { ...withFlags(job), isLive: Number(isLive(job.status)) };
}

export function storedPatch(patch: Partial<JobRow>): Updateable<JobsTable> {
  const live = patch.status === undefined ? {} : { isLive: Number(isLive(patch.status)) };
  return { ...withFlags(patch), ...live };
}

/** Turns booleans into 0 and 1. */
function withFlags<Row extends object>(row: Row): ColumnsOf<Row> {
  const columns = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === "boolean" ? Number(value) : value,
  ]);
  return Object.fromEntries(columns) as ColumnsOf<Row>;
}

export function keyOf(row: Selectable<Tables["keys"]>): KeyRow {
  return row;
}

export function deliveryOf({ leaseUntil: _until, leaseBy: _by, ...row }: Selectable<DeliveriesTable>): DeliveryRow {
  return row;
}
