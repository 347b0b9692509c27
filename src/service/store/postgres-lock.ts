import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { answered, SERVING } from "./postgres.ts";

/** The same for all services: "meet" in ASCII. */
const LOCK_ID = 0x6d_65_65_74;
/** Pause after an attempt to take the lock again. */
const AGAIN_MS = 1_000;
/** How often it is tried again while another session has it: the server may not know yet that our own is over. */
const ATTEMPTS = 5;
/** So the server notices within 25 s that it cannot reach this machine, and lets another service have the lock. */
const KEEPALIVE =
  "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3; set statement_timeout = 5000";

/** A lock on a database that this process has. */
export interface DatabaseLock {
  /** Resolves if another service has taken the lock while this one had no connection. */
  readonly lost: Promise<void>;
  /** The process's end releases it too. */
  release(): Promise<void>;
}

/**
 * Keeps other services off a database until this process ends: an advisory lock of a connection that is used for nothing
 * else. If the connection is lost, it is taken again as soon as the database answers.
 *
 * @param address `postgres://…`
 * @returns undefined if another service has the lock
 * @throws StoreUnavailableError
 */
export async function lockPostgres(address: string): Promise<DatabaseLock | undefined> {
  const lock = new PostgresLock(address);
  return (await answered(lock.take())) ? lock : undefined;
}

class PostgresLock implements DatabaseLock {
  readonly #address: string;
  /** Names this process's connections, so that it knows its own. */
  readonly #name = `meetbot-discord ${randomUUID()}`;
  readonly #lost = Promise.withResolvers<void>();
  #client: pg.Client | undefined;
  #isReleased = false;

  constructor(address: string) {
    this.#address = address;
  }

  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  /** @returns false if another session has it */
  async take(): Promise<boolean> {
    const client = new pg.Client({
      connectionString: this.#address,
      application_name: this.#name,
      connectionTimeoutMillis: SERVING.connectMs,
      query_timeout: SERVING.statementMs,
      keepAlive: true,
    });
    // The end of the connection says the same.
    client.on("error", () => undefined);
    await client.connect();
    try {
      await client.query(KEEPALIVE);
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()",
        [this.#name],
      );
      const { rows } = await client.query("select pg_try_advisory_lock($1) as taken", [LOCK_ID]);
      if (rows[0].taken === true && !this.#isReleased) {
        this.#client = client;
        client.once("end", () => void this.#takeAgain());
        return true;
      }
    } catch (error) {
      await client.end();
      throw error;
    }
    await client.end();
    return false;
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    await this.#client?.end();
  }

  async #takeAgain(): Promise<void> {
    for (let refused = 0; !this.#isReleased; await sleep(AGAIN_MS, undefined, { ref: false })) {
      try {
        if (await this.take()) return;
        refused += 1;
      } catch {
        // The database does not answer, so nobody else can take it either.
        refused = 0;
      }
      if (refused === ATTEMPTS) return this.#lost.resolve();
    }
  }
}
