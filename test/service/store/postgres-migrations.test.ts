import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { MIGRATIONS, migrate } from "../../../src/service/store/migrate.ts";
import { postgresDialect, SERVING } from "../../../src/service/store/postgres.ts";
import { openPostgresStore } from "../../../src/service/store/postgres-store.ts";
import { databaseOf } from "../../../src/service/store/sql-store.ts";
import { asAdmin, missingPostgres, newDatabase, type PostgresServer } from "../../support/postgres.ts";
import { postgresServer } from "../../support/postgres-shared.ts";
import { expectUsable } from "../support/expect-usable.ts";

const FIXTURES = new URL("fixtures/", import.meta.url);
/** All rows, each as an object with its table's name. */
async function rowsOf(address: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const tables = await asAdmin(address, "select tablename as name from pg_tables where schemaname = 'public'");
  const selects = tables.map(({ name }) => `select '${name}' as name, to_jsonb(t) as row from ${name} t`);
  return await asAdmin(address, selects.join(" union all "));
}

describe.skipIf(missingPostgres()).each(Object.keys(MIGRATIONS))("a PostgreSQL database that %s has left", (name) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await postgresServer();
  });

  /** The tables of that migration, with the rows of the fixture. */
  async function fixture(): Promise<string> {
    const address = await newDatabase(server);
    const db = databaseOf(postgresDialect(address, SERVING));
    await migrate(db, name);
    await db.destroy();
    const lines = (await readFile(new URL(`${name}.sql`, FIXTURES), "utf8")).split("\n");
    const rows = lines.filter((line) => line.startsWith("insert into ") && !line.includes('"kysely_migration'));
    // They come in the order of the tables' names, and name the numbers that PostgreSQL would count.
    const inserts = rows.map((line) => line.replace(") values (", ") overriding system value values ("));
    await asAdmin(
      address,
      `set session_replication_role = replica; ${inserts.join("\n")}
       select setval(pg_get_serial_sequence('events', 'seq'), (select max(seq) from events))`,
    );
    return address;
  }

  it("keeps every row under all later migrations, and the service works with them", async () => {
    const address = await fixture();
    const before = await rowsOf(address);
    const { store } = await openPostgresStore(address);
    onTestFinished(() => store.close());
    const after = await rowsOf(address);
    for (const { name: table, row } of before) {
      expect(after).toContainEqual({ name: table, row: expect.objectContaining(row as object) });
    }
    await expectUsable(store);
  });
});
