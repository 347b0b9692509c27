import type { Store } from "../../../src/service/ports/store.ts";
import { openPostgresStore } from "../../../src/service/store/postgres-store.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";

/** @param place the path of an SQLite file, or the address of a PostgreSQL database */
export async function openStore(place: string): Promise<Store> {
  return place.startsWith("postgres:") ? (await openPostgresStore(place)).store : await openSqliteStore(place);
}
