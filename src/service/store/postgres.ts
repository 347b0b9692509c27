import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import pg from "pg";
import { messageOf } from "../../errors.ts";
import { StoreUnavailableError } from "../ports/store.ts";
import { ConflictError } from "./conflict-error.ts";

/** PostgreSQL for kysely, by `pg`. Whatever only PostgreSQL knows is in this file. */

/** How long everything may take. Milliseconds. */
export interface PostgresLimits {
  readonly connections: number;
  /** To get a connection: a new one, or one that another query gives back. */
  readonly connectMs: number;
  /** For one statement, in the server. */
  readonly statementMs: number;
  /** To wait for a lock, in the server. */
  readonly lockMs: number;
}

/** A query of the service takes milliseconds. */
export const SERVING: PostgresLimits = { connections: 10, connectMs: 5_000, statementMs: 10_000, lockMs: 5_000 };
/** A migration may rewrite a large table, and waits for another service's. */
export const MIGRATING: PostgresLimits = {
  connections: 1,
  connectMs: SERVING.connectMs,
  statementMs: 600_000,
  lockMs: 600_000,
};

/** After the statement's own limit the server answers. If it does not, it cannot be reached. */
const ANSWER_MS = 5_000;
/** A process that is stopped in a transaction must not keep its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** The type of 64-bit numbers. All of ours are milliseconds or counts, so JavaScript's numbers hold them. */
const INT8 = pg.types.builtins.INT8;

/**
 * SQLSTATE of transactions that collided: serialization failure, deadlock, and a unique key that another transaction
 * has inserted since this one looked for it. If it is run again, it finds the row.
 */
const CONFLICTS = ["40001", "40P01", "23505"];

/** @param address `postgres://…` */
export function postgresDialect(address: string, limits: PostgresLimits): PostgresDialect {
  return new PostgresDialect({ pool: async () => poolOf(address, limits) });
}

function poolOf(address: string, { connections, connectMs, statementMs, lockMs }: PostgresLimits): PostgresPool {
  const pool = new pg.Pool({
    connectionString: address,
    application_name: "meetbot-discord",
    max: connections,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    query_timeout: statementMs + ANSWER_MS,
    keepAlive: true,
    types: { getTypeParser: typeParser },
  });
  // Connections break while nobody uses them if the server is stopped. The pool makes new ones.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  return {
    connect: async () => clientOf(await answered(pool.connect())),
    end: async () => await pool.end(),
  };
}

/** A connection that failed is not used again: it may be in the middle of a query. */
function clientOf(client: pg.PoolClient): PostgresPoolClient {
  let isBroken = false;
  const query = async (text: string, values: readonly unknown[]) => {
    try {
      return await client.query(text, values.map(storable));
    } catch (error) {
      // The server itself says what is wrong with a query. Anything else comes from the connection.
      if (!(error instanceof pg.DatabaseError)) isBroken = true;
      throw unavailable(error);
    }
  };
  return {
    // kysely also asks for streams, which the store does not use.
    query: query as unknown as PostgresPoolClient["query"],
    release: (destroy = false) => client.release(destroy || isBroken),
  };
}

/** PostgreSQL's text has every character but this one. */
function storable(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value;
}

const typeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") =>
  oid === INT8 ? safeNumber : pg.types.getTypeParser(oid, format as "text");

function safeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError(`the database has a number that is too large: ${text}`);
  return number;
}

/** @throws StoreUnavailableError in place of any error of `pg` */
export async function answered<Result>(answer: Promise<Result>): Promise<Result> {
  try {
    return await answer;
  } catch (error) {
    throw unavailable(error);
  }
}

/**
 * Our own queries are correct, so any error means that the database does not work now. The error of `pg` is not kept as the
 * cause: it holds values of rows.
 */
function unavailable(error: unknown): StoreUnavailableError {
  const message = `the database does not answer: ${messageOf(error)}`;
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  if (code !== undefined && CONFLICTS.includes(code)) return new ConflictError(message);
  return new StoreUnavailableError(message);
}

function ignore(): void {
  // The next query that needs the connection reports it.
}
