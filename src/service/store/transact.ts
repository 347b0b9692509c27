import { setTimeout as sleep } from "node:timers/promises";
import { ConflictError } from "./conflict-error.ts";
import type { Database, InTransaction } from "./rows.ts";

/** How often a transaction is run that other transactions keep from ending. */
const ATTEMPTS = 6;
/** The longest pause after the first attempt; it grows with each one. */
const PAUSE_MS = 20;

/**
 * Runs a transaction. In SQLite transactions run one after the other. In PostgreSQL they run at the same time, and each
 * locks the rows that it reads before it changes them; if two of them collide nevertheless, one is run again.
 *
 * @param run has no effect outside the database, because it may run several times
 * @throws StoreUnavailableError
 */
export async function transact<Result>(db: Database, run: (trx: InTransaction) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(run);
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
      await sleep(Math.random() * PAUSE_MS * attempt);
    }
  }
}
