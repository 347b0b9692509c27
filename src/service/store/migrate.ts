import { type Migration, Migrator } from "kysely";
import { InputError, messageOf } from "../../errors.ts";
import { firstTables } from "./migrations/0001-first.ts";
import { pageTables } from "./migrations/0002-page.ts";
import { residentTables } from "./migrations/0003-resident.ts";
import type { Database } from "./rows.ts";

/** By name, in the order of application. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-first": firstTables,
  "0002-page": pageTables,
  "0003-resident": residentTables,
};

/**
 * Migrations that this version has and the database has not, by name.
 *
 * @param db it is only read
 */
async function pendingMigrations(db: Database): Promise<string[]> {
  const migrations = await migratorOf(db).getMigrations();
  return migrations.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
}

/**
 * Brings the tables to this version, or only checks that they are.
 *
 * @param mayMigrate false if another process uses the database: its tables must then be of this version
 * @throws InputError if they are not, or a newer version of the program has written the database
 */
export async function prepareTables(db: Database, mayMigrate: boolean): Promise<void> {
  if (!mayMigrate && (await pendingMigrations(db)).length > 0) {
    throw new InputError(
      "the service that runs has a database of an older version; use the version that runs, or stop it first",
    );
  }
  await migrate(db);
}

/** The applied migrations that this version does not know. A newer version has applied them. */
export function unknownMigrations(applied: readonly string[]): string[] {
  return applied.filter((name) => MIGRATIONS[name] === undefined);
}

/**
 * Brings the tables to this version.
 *
 * @param until the last migration to apply; all of them by default
 * @throws InputError if a newer version of the program has written the database
 */
export async function migrate(db: Database, until?: string): Promise<void> {
  const migrator = migratorOf(db);
  const { error } = await (until === undefined ? migrator.migrateToLatest() : migrator.migrateTo(until));
  if (error === undefined) return;
  if (messageOf(error).startsWith("corrupted migrations")) {
    throw new InputError(
      `the database was written by another version of this program (${messageOf(error)}); start the newest version that has used it`,
      { cause: error },
    );
  }
  throw error;
}

function migratorOf(db: Database): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
}
