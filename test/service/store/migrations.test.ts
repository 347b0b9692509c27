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
import { expectUsable } from "../support/expect-usable.ts";
import { rowsByTable, schemaOf } from "../support/sqlite-dump.ts";

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
    await expectUsable(store);
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
