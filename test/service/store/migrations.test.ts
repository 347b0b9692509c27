import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  CamelCasePlugin,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { MIGRATIONS, migrate } from "../../../src/service/store/migrate.ts";
import type { Tables } from "../../../src/service/store/schema.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { openSqlite, sqliteDialect } from "../../../src/service/store/sqlite.ts";
import { AT } from "../support/job-rows.ts";
import { rowsByTable, schemaOf } from "../support/sqlite-dump.ts";
import { jobId, OWNER } from "../support/store-rows.ts";

/** A database as each migration left it, by the migration's name. make-fixture.ts wrote them. */
const FIXTURES = new URL("fixtures/", import.meta.url);
const NAMES = (await readdir(FIXTURES)).map((file) => file.replace(".sql", "")).sort();

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-store-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "service.db");
}

async function fixture(name: string): Promise<{ readonly path: string; readonly database: DatabaseSync }> {
  const path = await newPath();
  // Its rows come in the order of the tables' names.
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  onTestFinished(() => database.close());
  database.exec(await readFile(new URL(`${name}.sql`, FIXTURES), "utf8"));
  return { path, database };
}

describe.each(NAMES)("a database that %s has left", (name) => {
  it("has rows in every table", async () => {
    const { database } = await fixture(name);
    for (const [table, rows] of Object.entries(rowsByTable(database))) expect(rows, table).not.toEqual([]);
  });

  it("is what that migration still makes", async () => {
    const { database } = await fixture(name);
    const made = openSqlite(await newPath());
    const db = new Kysely<Tables>({ dialect: sqliteDialect(made), plugins: [new CamelCasePlugin()] });
    await migrate(db, name);
    expect(schemaOf(made)).toEqual(schemaOf(database));
    await db.destroy();
  });

  it("keeps every row under all later migrations", async () => {
    const { path, database } = await fixture(name);
    const before = rowsByTable(database);
    await (await openSqliteStore(path)).close();
    const after = rowsByTable(database);
    for (const [table, rows] of Object.entries(before)) {
      expect(after[table]?.length, table).toBeGreaterThanOrEqual(rows.length);
      for (const row of rows) expect(after[table], table).toContainEqual(expect.objectContaining(row));
    }
    expect(database.prepare("pragma foreign_key_check").all()).toEqual([]);
  });

  it("is one with which the service works: its jobs, keys, events, deliveries and deadlines", async () => {
    const { path } = await fixture(name);
    const store = await openSqliteStore(path);
    onTestFinished(() => store.close());
    expect(await store.keyByHash("hash_1")).toMatchObject({ id: "key_1", revokedAt: AT });
    const { items } = await store.jobs(OWNER, {}, { limit: 10 });
    expect(items.map(({ id, status }) => [id, status])).toEqual([
      [jobId(3), "scheduled"],
      [jobId(2), "queued"],
      [jobId(1), "completed"],
    ]);
    expect(await store.job(jobId(1))).toMatchObject({ durationSeconds: 600, billed: true, dispatchFailed: false });
    expect(await store.eventsAfter(jobId(1), 0, 10)).toHaveLength(6);
    const { items: deliveries } = await store.deliveries(jobId(1), { limit: 10 });
    expect(deliveries.map(({ state }) => state).sort()).toEqual([...Array(5).fill("pending"), "delivered"].sort());
    expect(await store.attempts([deliveries.find(({ state }) => state === "delivered")?.id ?? ""], 5)).toHaveLength(1);
    expect(await store.dueTimers(AT + 3_600_000, 10)).toContainEqual({
      ...{ jobId: jobId(3), kind: "join", dueAt: AT + 3_600_000 },
    });
    expect((await store.claimed()).map(({ id }) => id)).toEqual([jobId(1), jobId(2)]);
    await store.applyJobEvent(jobId(3), { type: "end_asked", at: AT, how: "cancel" });
    expect(await store.eventsAfter(jobId(3), 0, 10)).toMatchObject([{ seq: expect.any(Number), jobId: jobId(3) }]);
  });
});

describe("migrations", () => {
  it("have a fixture for the newest one", async () => {
    const database = openSqlite(await newPath());
    const db = new Kysely<Tables>({ dialect: sqliteDialect(database), plugins: [new CamelCasePlugin()] });
    await migrate(db);
    const applied = database.prepare("select name from kysely_migration order by name").all();
    await db.destroy();
    expect(NAMES.at(-1), "run make-fixture.ts").toBe(applied.at(-1)?.name);
  });

  it("use only what PostgreSQL has too", async () => {
    const statements: string[] = [];
    const db = new Kysely<unknown>({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (each) => new PostgresIntrospector(each),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
      log: ({ query }) => {
        statements.push(query.sql);
      },
    });
    for (const migration of Object.values(MIGRATIONS)) await migration.up(db);
    const text = statements.join("\n");
    expect(text).not.toMatch(/auto_?increment/i);
    expect(text).toContain('"seq" bigint generated always as identity primary key');
    // A statement that makes an index takes no parameters.
    expect(text).not.toContain("$1");
  });
});
