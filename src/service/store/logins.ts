import type { LoginLimitRow, LoginRow, LoginStore, LoginUse } from "../ports/logins.ts";
import type { Database } from "./rows.ts";

/** Discord counts logins by the day, and so long they are kept. */
const DAY_MS = 86_400_000;

/** The tables of logins. */
export class SqlLogins implements LoginStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async noteLogins(logins: readonly LoginRow[]): Promise<void> {
    if (logins.length === 0) return;
    await this.#db
      .insertInto("logins")
      .values([...logins])
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
  }

  async noteLoginLimit({ botId, ...limit }: LoginLimitRow): Promise<void> {
    await this.#db
      .insertInto("loginLimits")
      .values({ botId, ...limit })
      .onConflict((conflict) =>
        conflict.column("botId").doUpdateSet(limit).where("loginLimits.seenAt", "<=", limit.seenAt),
      )
      .execute();
  }

  async loginLimit(botId: string): Promise<LoginLimitRow | undefined> {
    return await this.#db.selectFrom("loginLimits").selectAll().where("botId", "=", botId).executeTakeFirst();
  }

  async lowLoginLimits(at: number, remaining: number): Promise<LoginLimitRow[]> {
    const current = this.#db.selectFrom("loginLimits").selectAll().where("resetAt", ">", at);
    return await current.where("remaining", "<=", remaining).orderBy("botId").execute();
  }

  async loginUse(since: number, botId?: string): Promise<LoginUse[]> {
    const all = this.#db.selectFrom("logins").where("at", ">", since);
    const rows = await (botId === undefined ? all : all.where("botId", "=", botId))
      .select((select) => ["botId", select.fn.countAll<number>().as("count"), select.fn.min("at").as("oldestAt")])
      .groupBy("botId")
      .orderBy("botId")
      .execute();
    return rows.map(({ botId, count, oldestAt }) => ({ botId, count: Number(count), oldestAt: Number(oldestAt) }));
  }
}

export async function forgetLogins(db: Database, at: number): Promise<void> {
  await db
    .deleteFrom("logins")
    .where("at", "<=", at - DAY_MS)
    .execute();
}
