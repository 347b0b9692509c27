import { CamelCasePlugin, type Dialect, Kysely, sql } from "kysely";
import type { JobRow, JobStatus } from "../domain/job-row.ts";
import type { ClaimedDelivery, DeliveryAttempt, DeliveryRow } from "../ports/deliveries.ts";
import type { Applied, Creation, StoredEvent, UsageRow } from "../ports/jobs.ts";
import type { CliAuthRow, KeyRow, Rotation } from "../ports/keys.ts";
import type { Page } from "../ports/page.ts";
import type { PageSession } from "../ports/sessions.ts";
import type { Store } from "../ports/store.ts";
import type { Ingested, Timer } from "../ports/work.ts";
import { createJob, repeatedCreation } from "./create-job.ts";
import * as ledger from "./deliveries.ts";
import { applyJobEvent, ingest, jobById, lockJobs, report } from "./job-events.ts";
import * as jobs from "./job-queries.ts";
import * as keys from "./keys.ts";
import { SqlLogins } from "./logins.ts";
import { prepareTables } from "./migrate.ts";
import { SqlResident } from "./resident.ts";
import { type Database, type InTransaction, keyOf } from "./rows.ts";
import type { Tables } from "./schema.ts";
import { keyOfSession } from "./sessions.ts";
import { SqlSharedLinks } from "./shared-links.ts";
import { openSqlite, sqliteDialect } from "./sqlite.ts";
import { transact } from "./transact.ts";
import * as work from "./work-queries.ts";
import { writeTimer } from "./write-change.ts";

/**
 * The store in an SQLite file, which is made if there is none.
 *
 * @param path or `:memory:` for tests
 * @param mayMigrate false if another process uses the file: its tables must then be of this version
 * @throws InputError if they are not
 */
export async function openSqliteStore(path: string, mayMigrate = true): Promise<Store> {
  const db = databaseOf(sqliteDialect(openSqlite(path)));
  try {
    await prepareTables(db, mayMigrate);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return new SqlStore(db);
}

export function databaseOf(dialect: Dialect): Database {
  return new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()] });
}

type Method = Exclude<keyof Store, "resident" | "sharedLinks" | "logins">;
type First<Name extends Method> = Parameters<Store[Name]>;

/** The store in any database. Each method is one query or one transaction. */
export class SqlStore implements Store {
  readonly resident: SqlResident;
  readonly sharedLinks: SqlSharedLinks;
  readonly logins: SqlLogins;
  readonly #db: Database;
  readonly #listeners = new Set<(jobId: string) => void>();

  constructor(db: Database) {
    this.#db = db;
    this.resident = new SqlResident(db);
    this.sharedLinks = new SqlSharedLinks(db);
    this.logins = new SqlLogins(db);
  }

  async addConsumer(...[consumer]: First<"addConsumer">): Promise<void> {
    await this.#db.insertInto("consumers").values(consumer).execute();
  }

  async consumer(id: string) {
    return await this.#db.selectFrom("consumers").selectAll().where("id", "=", id).executeTakeFirst();
  }

  async consumers() {
    return await this.#db.selectFrom("consumers").selectAll().orderBy("id").execute();
  }

  async addKey(key: KeyRow): Promise<void> {
    await this.#db.insertInto("keys").values(key).execute();
  }

  async keyByHash(hash: string): Promise<KeyRow | undefined> {
    const row = await this.#db.selectFrom("keys").selectAll().where("hash", "=", hash).executeTakeFirst();
    return row && keyOf(row);
  }

  async key(id: string): Promise<KeyRow | undefined> {
    const row = await this.#db.selectFrom("keys").selectAll().where("id", "=", id).executeTakeFirst();
    return row && keyOf(row);
  }

  async keys(): Promise<KeyRow[]> {
    return (await this.#db.selectFrom("keys").selectAll().orderBy("id").execute()).map(keyOf);
  }

  async revokeKey(id: string, at: number): Promise<boolean> {
    return await keys.revokeKey(this.#db, id, at);
  }

  async rotateWebhookSecret(...args: First<"rotateWebhookSecret">): Promise<Rotation> {
    return await this.#transact((trx) => keys.rotateWebhookSecret(trx, ...args));
  }

  async createJob(...[job, options]: First<"createJob">): Promise<Creation> {
    const creation = await this.#transact((trx) => createJob(trx, job, options));
    if (creation.kind === "created") this.#changed(creation.job.id);
    return creation;
  }

  async repeatedCreation(...[request, options]: First<"repeatedCreation">): Promise<Creation | undefined> {
    return await this.#transact((trx) => repeatedCreation(trx, request, options));
  }

  async job(...[id, owner]: First<"job">): Promise<JobRow | undefined> {
    const job = await jobById(this.#db, id);
    const isTheirs = owner === undefined || (job?.consumerId === owner.consumerId && job.mode === owner.mode);
    return isTheirs ? job : undefined;
  }

  async jobs(...[owner, filter, page]: First<"jobs">): Promise<Page<JobRow>> {
    return await jobs.listJobs(this.#db, owner, filter, page);
  }

  async changeScheduled(...[id, changeOf, at]: First<"changeScheduled">): Promise<JobRow | "dispatched" | undefined> {
    const changed = await this.#transact((trx) => jobs.changeScheduled(trx, id, changeOf, at));
    if (typeof changed === "object") this.#changed(id);
    return changed;
  }

  async applyJobEvent(...[id, input]: First<"applyJobEvent">): Promise<Applied> {
    const applied = await this.#transact((trx) => applyJobEvent(trx, id, input));
    if (applied.kind === "applied") this.#changed(id);
    return applied;
  }

  async applyJobEvents(...[inputs]: First<"applyJobEvents">): Promise<Applied[]> {
    const results = await this.#transact(async (trx) => {
      await lockJobs(
        trx,
        inputs.map(({ id }) => id),
      );
      const applied: Applied[] = [];
      for (const { id, input } of inputs) applied.push(await applyJobEvent(trx, id, input));
      return applied;
    });
    for (const result of results) if (result.kind === "applied") this.#changed(result.job.id);
    return results;
  }

  async eventsAfter(...[jobId, seq, limit]: First<"eventsAfter">): Promise<StoredEvent[]> {
    return await jobs.eventsAfter(this.#db, jobId, seq, limit);
  }

  onJobChange(listener: (jobId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async usage(...[owner, from, to]: First<"usage">): Promise<UsageRow[]> {
    return await jobs.usage(this.#db, owner, from, to);
  }

  async markDeleted(...[jobId, files, at]: First<"markDeleted">): Promise<boolean> {
    const marked = await this.#transact((trx) => jobs.markDeleted(trx, jobId, files, at));
    if (marked) this.#changed(jobId);
    return marked;
  }

  async ingest(...[tokenHash, envelope, at]: First<"ingest">): Promise<Ingested> {
    return this.#reported(await this.#transact((trx) => ingest(trx, tokenHash, envelope, at)));
  }

  async report(...[jobId, attempt, envelope, at]: First<"report">): Promise<Ingested> {
    return this.#reported(await this.#transact((trx) => report(trx, { jobId, attempt }, envelope, at)));
  }

  async dueTimers(at: number, limit: number): Promise<Timer[]> {
    return await work.dueTimers(this.#db, at, limit);
  }

  async setTimer(...[jobId, kind, dueAt]: First<"setTimer">): Promise<void> {
    await this.#transact((trx) => writeTimer(trx, jobId, { kind, dueAt }));
  }

  async makeRecoveriesDue(at: number): Promise<void> {
    await work.makeRecoveriesDue(this.#db, at);
  }

  async startable(...args: First<"startable">): Promise<JobRow[]> {
    return await work.startable(this.#db, ...args);
  }

  async claim(...[jobId, claim]: First<"claim">): Promise<JobRow | undefined> {
    return await this.#transact((trx) => work.claim(trx, jobId, claim));
  }

  async claimMany(...[claims]: First<"claimMany">): Promise<JobRow[]> {
    return await this.#transact((trx) => work.claimMany(trx, claims));
  }

  async claimed(): Promise<JobRow[]> {
    return await work.claimed(this.#db);
  }

  async countClaimed(): Promise<{ workers: number; recoveries: number }> {
    return await work.countClaimed(this.#db);
  }

  async renewDeadlines(dispatchDueAt: number): Promise<void> {
    await this.#transact((trx) => work.renewDeadlines(trx, dispatchDueAt));
  }

  async noteSeen(...[jobId, attempt, seen]: First<"noteSeen">): Promise<void> {
    await work.noteSeen(this.#db, jobId, attempt, seen);
  }

  async countByStatus(): Promise<Partial<Record<JobStatus, number>>> {
    return await jobs.countByStatus(this.#db);
  }

  async forgetOld(at: number): Promise<void> {
    await work.forgetOld(this.#db, at);
  }

  async ping(): Promise<void> {
    await sql`select 1`.execute(this.#db);
  }

  async claimDeliveries(...[options]: First<"claimDeliveries">): Promise<ClaimedDelivery[]> {
    return await this.#transact((trx) => ledger.claimDeliveries(trx, options));
  }

  async noteAttempt(...args: First<"noteAttempt">): Promise<void> {
    await this.#transact((trx) => ledger.noteAttempt(trx, ...args));
  }

  async deliveries(...[jobId, page]: First<"deliveries">): Promise<Page<DeliveryRow>> {
    return await ledger.listDeliveries(this.#db, jobId, page);
  }

  async delivery(id: string): Promise<DeliveryRow | undefined> {
    return await ledger.deliveryById(this.#db, id);
  }

  async attempts(...[deliveryIds, newest]: First<"attempts">): Promise<DeliveryAttempt[]> {
    return await ledger.attemptsOf(this.#db, deliveryIds, newest);
  }

  async resend(deliveryId: string, at: number): Promise<boolean> {
    return await this.#transact((trx) => ledger.resend(trx, deliveryId, at));
  }

  async countUndelivered() {
    return await ledger.countUndelivered(this.#db);
  }

  async oldestDue(at: number): Promise<number | undefined> {
    return await ledger.oldestDue(this.#db, at);
  }

  async addCliAuth(row: CliAuthRow): Promise<void> {
    await this.#db.insertInto("cliAuth").values(row).execute();
  }

  async completeCliAuth(...args: First<"completeCliAuth">): Promise<boolean> {
    return await this.#transact((trx) => keys.completeCliAuth(trx, ...args));
  }

  async waitingCliAuth(...args: First<"waitingCliAuth">): Promise<CliAuthRow | undefined> {
    return await keys.waitingCliAuth(this.#db, ...args);
  }

  async takeCliAuth(nonceHash: string, at: number): Promise<CliAuthRow | undefined> {
    return await this.#transact((trx) => keys.takeCliAuth(trx, nonceHash, at));
  }

  async addSession(session: PageSession): Promise<void> {
    await this.#db.insertInto("pageSessions").values(session).execute();
  }

  async keyOfSession(...args: First<"keyOfSession">): Promise<KeyRow | undefined> {
    return await keyOfSession(this.#db, ...args);
  }

  async removeSession(hash: string): Promise<void> {
    await this.#db.deleteFrom("pageSessions").where("hash", "=", hash).execute();
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  async #transact<Result>(run: (trx: InTransaction) => Promise<Result>): Promise<Result> {
    return await transact(this.#db, run);
  }

  #reported({ jobId, ...ingested }: Awaited<ReturnType<typeof report>>): Ingested {
    if (ingested.kind === "applied" && jobId !== undefined) this.#changed(jobId);
    return ingested;
  }

  #changed(jobId: string): void {
    for (const listener of this.#listeners) listener(jobId);
  }
}
