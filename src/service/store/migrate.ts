import { type Migration, Migrator } from "kysely";
import { InputError, messageOf } from "../../errors.ts";
import { firstTables } from "./migrations/0001-first.ts";
import type { Database } from "./rows.ts";

/** By name, in the order of application. */
const MIGRATIONS: Readonly<Record<string, Migration>> = { "0001-first": firstTables };

/**
 * Brings the tables to this version.
 *
 * @param until the last migration to apply; all of them by default
 * @throws InputError if a newer version of the program has written the database
 */
export async function migrate(db: Database, until?: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
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
