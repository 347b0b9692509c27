import { sql } from "kysely";
import type { Store } from "../ports/store.ts";
import { prepareTables } from "./migrate.ts";
import { MIGRATING, type PostgresLimits, postgresDialect, SERVING } from "./postgres.ts";
import { databaseOf, SqlStore } from "./sql-store.ts";

export interface PostgresStore {
  readonly store: Store;
  /** Bytes of the database. */
  size(): Promise<number>;
}

/**
 * The store in a PostgreSQL database, whose tables are made if there are none. Several processes may use one.
 *
 * @param address `postgres://…`
 * @param mayMigrate false if a service runs: its tables must then be of this version
 * @throws InputError if they are not
 * @throws StoreUnavailableError
 */
export async function openPostgresStore(
  address: string,
  mayMigrate = true,
  limits: PostgresLimits = SERVING,
): Promise<PostgresStore> {
  const migrating = databaseOf(postgresDialect(address, MIGRATING));
  try {
    // Under an advisory lock: of services that start at the same time, one migrates and the others wait for it.
    await prepareTables(migrating, mayMigrate);
  } finally {
    await migrating.destroy();
  }
  const db = databaseOf(postgresDialect(address, limits));
  return { store: new SqlStore(db), size: () => sizeOf(db) };
}

async function sizeOf(db: ReturnType<typeof databaseOf>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(db);
  return rows[0]?.bytes ?? 0;
}
