import { backup, DatabaseSync } from "node:sqlite";
import { InputError, messageOf } from "../../errors.ts";
import { sealPurpose } from "../domain/seal-purpose.ts";
import { StoreUnavailableError } from "../ports/store.ts";
import { unknownMigrations } from "./migrate.ts";
import { available, BUSY_TIMEOUT_MS } from "./sqlite.ts";

/** All pages in one step: the copy is of one moment, and a service that writes meanwhile does not start it again. */
const ALL_PAGES = 2 ** 31 - 1;

/** A secret of a database, and what it was sealed for. */
export interface SealedText {
  readonly sealed: string;
  readonly purpose: string;
}

/** What a copy of a database holds. */
export interface CopiedDatabase {
  readonly keys: number;
  readonly jobs: number;
  readonly sealed: readonly SealedText[];
}

/**
 * Copies a database that may be in use, by SQLite's online backup. The copy is one file, without a write-ahead log.
 *
 * @param to an empty file
 * @throws StoreUnavailableError
 */
export async function copySqlite(from: string, to: string): Promise<void> {
  const source = available(() => new DatabaseSync(from, { readOnly: true, timeout: BUSY_TIMEOUT_MS }));
  try {
    await backup(source, to, { rate: ALL_PAGES });
  } catch (error) {
    throw new StoreUnavailableError(`${from} cannot be copied: ${messageOf(error)}`, { cause: error });
  } finally {
    source.close();
  }
  available(() => {
    const copy = new DatabaseSync(to);
    try {
      copy.exec("pragma journal_mode = delete");
    } finally {
      copy.close();
    }
  });
}

/**
 * Reads a copy from end to end.
 *
 * @param name of the copy, for errors
 * @throws InputError if it is damaged, no database of the service, or of a newer version
 */
export function checkSqliteCopy(path: string, name: string): CopiedDatabase {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const [integrity, foreign] = [
      database.prepare("pragma integrity_check"),
      database.prepare("pragma foreign_key_check"),
    ];
    const [first] = integrity.all();
    if (first?.integrity_check !== "ok") throw new InputError(`${name} is damaged: ${String(first?.integrity_check)}`);
    if (foreign.all().length > 0) throw new InputError(`${name} is damaged: rows refer to others that are missing`);
    const applied = database
      .prepare("select name from kysely_migration")
      .all()
      .map((row) => String(row.name));
    const unknown = unknownMigrations(applied);
    if (unknown.length > 0) {
      throw new InputError(
        `${name} is of a newer version of this program (${unknown.join(", ")}); restore it with that one`,
      );
    }
    return {
      keys: count(database, "keys"),
      jobs: count(database, "jobs"),
      sealed: sealedIn(database),
    };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name} is not a backup of the service: ${messageOf(error)}`, { cause: error });
  } finally {
    database.close();
  }
}

function count(database: DatabaseSync, table: "keys" | "jobs"): number {
  return Number(database.prepare(`select count(*) as n from ${table}`).get()?.n);
}

/** Without these no webhook is signed and no waiting job is started. */
function sealedIn(database: DatabaseSync): SealedText[] {
  const all = (sql: string, purposeOf: (id: string) => string): SealedText[] =>
    database
      .prepare(sql)
      .all()
      .map(({ id, sealed }) => ({ sealed: String(sealed), purpose: purposeOf(String(id)) }));
  return [
    ...all("select id, webhook_secret_sealed as sealed from keys", sealPurpose.webhookSecret),
    ...all("select id, token_sealed as sealed from jobs where token_sealed is not null", sealPurpose.botToken),
  ];
}
