import { once } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { sql } from "kysely";
import pg from "pg";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { portOf } from "../../../src/loopback/net.ts";
import { type Store, StoreUnavailableError } from "../../../src/service/ports/store.ts";
import { type PostgresLimits, postgresDialect, SERVING } from "../../../src/service/store/postgres.ts";
import { openPostgresStore } from "../../../src/service/store/postgres-store.ts";
import { databaseOf, SqlStore } from "../../../src/service/store/sql-store.ts";
import { transact } from "../../../src/service/store/transact.ts";
import {
  asAdmin,
  emptying,
  missingPostgres,
  newDatabase,
  type PostgresServer,
  startPostgres,
} from "../../support/postgres.ts";
import { postgresServer } from "../../support/postgres-shared.ts";
import { AT } from "../support/job-rows.ts";
import { answerOf, CONSUMER, jobId, keyRow, newJob, withKey } from "../support/store-rows.ts";
import { storeContract } from "./store-contract.ts";

/** A hundred requests at the same time wait for few connections, on a machine that may be busy. */
const PATIENT: PostgresLimits = { ...SERVING, connections: 5, connectMs: 60_000 };

describe.skipIf(missingPostgres())("the store in PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await postgresServer();
  });

  async function opened(address: string, limits: Partial<PostgresLimits> = {}): Promise<Store> {
    const { store } = await openPostgresStore(address, true, { ...PATIENT, ...limits });
    onTestFinished(() => store.close());
    return store;
  }

  /** A lock on all keys that somebody else holds, until it is called. */
  async function lockKeys(address: string): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: address });
    await client.connect();
    await client.query("begin; lock table keys in access exclusive mode");
    return async () => await client.end();
  }

  describe("keeps the contract:", () => {
    let address: string;
    let emptyAll: string;
    beforeAll(async () => {
      address = await newDatabase(server);
      await (await openPostgresStore(address)).store.close();
      emptyAll = await emptying(address);
    });
    storeContract(async () => {
      await asAdmin(address, emptyAll);
      return new SqlStore(databaseOf(postgresDialect(address, PATIENT)));
    });
  });

  it("makes its tables once if several services start at the same time", async () => {
    const address = await newDatabase(server);
    const opening = Array.from({ length: 5 }, () => openPostgresStore(address, true, PATIENT));
    const stores = await Promise.all(opening);
    const names = await asAdmin(address, "select name from kysely_migration order by name");
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
    await withKey(stores[0]?.store as Store);
    expect(await stores[4]?.store.key("key_1")).toMatchObject({ hash: "hash_1" });
    expect(await stores[4]?.size()).toBeGreaterThan(1_000_000);
    for (const { store } of stores) await store.close();
  });

  it("refuses a database of another version in one sentence", async () => {
    const address = await newDatabase(server);
    await expect(openPostgresStore(address, false)).rejects.toThrow("has a database of an older version");
    await (await openPostgresStore(address)).store.close();
    await asAdmin(address, "insert into kysely_migration (name, timestamp) values ('9999-future', '2030-01-01')");
    await expect(openPostgresStore(address)).rejects.toThrow("written by another version of this program");
  });

  it("says that the database does not answer if no connection is free in time, and works when one is", async () => {
    const address = await newDatabase(server);
    const store = await opened(address, { connections: 1, connectMs: 200 });
    await withKey(store);
    const unlock = await lockKeys(address);
    const waiting = store.keys();
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    await unlock();
    expect(await waiting).toHaveLength(1);
    await store.ping();
  });

  it("waits for a lock and for a statement only so long", async () => {
    const address = await newDatabase(server);
    const hurried = await opened(address, { lockMs: 100 });
    const unlock = await lockKeys(address);
    await expect(hurried.keys()).rejects.toThrow("lock timeout");
    await unlock();
    expect(await hurried.keys()).toEqual([]);
    const db = databaseOf(postgresDialect(address, { ...SERVING, statementMs: 100 }));
    onTestFinished(() => db.destroy());
    await expect(sql`select pg_sleep(20)`.execute(db)).rejects.toThrow("statement timeout");
  });

  it("gives its locks back if its process is stopped in a transaction", async () => {
    const db = databaseOf(postgresDialect(await newDatabase(server), SERVING));
    onTestFinished(() => db.destroy());
    const { rows } = await sql`show idle_in_transaction_session_timeout`.execute(db);
    expect(rows).toEqual([{ idleInTransactionSessionTimeout: "10s" }]);
  });

  it("runs a transaction again that collided with another one", async () => {
    const address = await newDatabase(server);
    const store = await withKey(await opened(address));
    await store.addKey(keyRow({ id: "key_2", hash: "hash_2" }));
    const db = databaseOf(postgresDialect(address, PATIENT));
    onTestFinished(() => db.destroy());
    const bothHaveOne = Promise.withResolvers<void>();
    let locked = 0;
    let runs = 0;
    const rename = (...ids: readonly [string, string]) =>
      transact(db, async (trx) => {
        runs += 1;
        for (const id of ids) {
          await trx.updateTable("keys").set({ name: ids[0] }).where("id", "=", id).execute();
          locked += 1;
          if (locked === 2) bothHaveOne.resolve();
          await bothHaveOne.promise;
        }
      });
    await Promise.all([rename("key_1", "key_2"), rename("key_2", "key_1")]);
    expect(runs).toBe(3);
    let tries = 0;
    const always = transact(db, async (trx) => {
      tries += 1;
      await trx.insertInto("keys").values(keyRow()).execute();
    });
    await expect(always).rejects.toThrow(StoreUnavailableError);
    expect(tries).toBe(6);
  });

  it("keeps numbers exact, and texts with any character", async () => {
    const address = await newDatabase(server);
    const store = await withKey(await opened(address), { createdAt: Number.MAX_SAFE_INTEGER, name: "a\0b 🎙" });
    expect(await store.key("key_1")).toMatchObject({ createdAt: Number.MAX_SAFE_INTEGER, name: "a\ufffdb 🎙" });
    await asAdmin(address, "update keys set created_at = created_at + 1");
    await expect(store.key("key_1")).rejects.toThrow("too large");
    await store.ping();
  });

  it("never names a row's values in an error", async () => {
    const store = await withKey(await opened(await newDatabase(server)));
    const error = await store.addConsumer({ ...CONSUMER, name: "private" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(inspect(error, { depth: 5 })).not.toMatch(/con_1|private/);
  });

  it("fails while the server is stopped, and works when it is back, with what was committed", async () => {
    const own = await startPostgres();
    onTestFinished(() => own.close());
    const store = await withKey(await opened(await newDatabase(own)));
    // Several connections, of which some wait in the pool and one is in a transaction.
    await Promise.all(Array.from({ length: 5 }, () => store.ping()));
    const created = store.createJob(newJob(1), { at: AT, answerOf });
    await created;
    const writing = Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => store.createJob(newJob(n + 2), { at: AT, answerOf })),
    );
    await own.stop();
    const rejected = (await writing).filter(({ status }) => status === "rejected");
    for (const each of rejected) expect(each).toMatchObject({ reason: expect.any(StoreUnavailableError) });
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    await expect(store.createJob(newJob(50), { at: AT, answerOf })).rejects.toThrow(StoreUnavailableError);
    await own.start();
    await store.ping();
    expect(await store.job(jobId(1))).toMatchObject({ status: "queued" });
    expect(await store.createJob(newJob(50), { at: AT, answerOf })).toMatchObject({ kind: "created" });
  });

  it("fails in time if a server takes the connection and says nothing", async () => {
    const silent = createServer();
    await once(silent.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void silent.close());
    const db = databaseOf(
      postgresDialect(`postgres://a:b@127.0.0.1:${portOf(silent)}/c`, { ...SERVING, connectMs: 100 }),
    );
    onTestFinished(() => db.destroy());
    await expect(sql`select 1`.execute(db)).rejects.toThrow(StoreUnavailableError);
  });
});
