import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { StoreUnavailableError } from "../../../src/service/ports/store.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { openSqlite, sqliteDialect } from "../../../src/service/store/sqlite.ts";
import { AT } from "../support/job-rows.ts";
import { answerOf, jobId, newJob, withKey } from "../support/store-rows.ts";
import { storeContract } from "./store-contract.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "meetbot-store-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

describe("the store in SQLite", () => {
  storeContract(() => openSqliteStore(":memory:"));

  it("is a file that only its user can read, and keeps everything when it is opened again", async () => {
    const path = join(await folder(), "service.db");
    const store = await withKey(await openSqliteStore(path));
    await store.createJob(newJob(1), { at: AT, answerOf });
    await store.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const again = await openSqliteStore(path);
    expect(await again.job(jobId(1))).toMatchObject({ status: "queued" });
    await again.close();
  });

  it("throws that the database does not answer, and never that a key is unknown", async () => {
    const path = join(await folder(), "service.db");
    const store = await withKey(await openSqliteStore(path));
    const other = new DatabaseSync(path);
    other.exec("drop table timers; drop table idempotency; alter table keys rename to lost");
    await expect(store.keyByHash("hash_1")).rejects.toThrow(StoreUnavailableError);
    await expect(store.createJob(newJob(1), { at: AT, answerOf })).rejects.toThrow(StoreUnavailableError);
    // A transaction that failed leaves the store usable.
    await store.ping();
    other.close();
    await store.close();
    await expect(store.ping()).rejects.toThrow();
  });

  it("says that the disk is full, and works again when there is room", async () => {
    const database = openSqlite(join(await folder(), "service.db"));
    const db = new Kysely<{ filled: { text: string } }>({ dialect: sqliteDialect(database) });
    database.exec("create table filled (text text); pragma max_page_count = 20");
    const fill = (bytes: number) =>
      db.transaction().execute(async (trx) => {
        await trx
          .insertInto("filled")
          .values({ text: "x".repeat(bytes) })
          .execute();
      });
    await expect(fill(1_000_000)).rejects.toThrow("database or disk is full");
    await fill(10);
    expect(await db.selectFrom("filled").selectAll().execute()).toEqual([{ text: "x".repeat(10) }]);
    await db.destroy();
  });

  it("refuses a database of a newer version in one sentence", async () => {
    const path = join(await folder(), "service.db");
    await (await openSqliteStore(path)).close();
    const database = new DatabaseSync(path);
    database.exec("insert into kysely_migration (name, timestamp) values ('9999-future', '2030-01-01')");
    database.close();
    await expect(openSqliteStore(path)).rejects.toThrow("written by another version of this program");
  });
});
