import type { Selectable } from "kysely";
import type { Page } from "../ports/page.ts";
import type {
  CallWithJob,
  ConsentRow,
  EndMessageRow,
  GuildRow,
  ResidentStore,
  RuleRow,
  WaitRow,
} from "../ports/resident.ts";
import * as calls from "./resident-calls.ts";
import type { Database, InTransaction } from "./rows.ts";
import type { Tables } from "./schema.ts";
import { transact } from "./transact.ts";

type Arguments<Name extends keyof ResidentStore> = Parameters<ResidentStore[Name]>;

/** The resident's tables. Each method is one query or one transaction. */
export class SqlResident implements ResidentStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async guild(guildId: string): Promise<GuildRow | undefined> {
    return await guildRow(this.#db, guildId);
  }

  async guilds(): Promise<GuildRow[]> {
    return await this.#db.selectFrom("discordGuilds").selectAll().orderBy("guildId").execute();
  }

  async changeGuild(...[guildId, at, change]: Arguments<"changeGuild">): Promise<GuildRow> {
    return await this.#transact(async (trx) => {
      // There is a row to lock, so that two first changes are both kept.
      const { numInsertedOrUpdatedRows: isNew } = await trx
        .insertInto("discordGuilds")
        .values({ guildId, settingsJson: "", updatedAt: at })
        .onConflict((conflict) => conflict.column("guildId").doNothing())
        .executeTakeFirstOrThrow();
      const stored = isNew ? undefined : await lockedGuild(trx, guildId);
      const settings = { settingsJson: change(stored?.settingsJson), updatedAt: at };
      await trx
        .insertInto("discordGuilds")
        .values({ guildId, ...settings })
        .onConflict((conflict) => conflict.column("guildId").doUpdateSet(settings))
        .execute();
      return { guildId, ...settings };
    });
  }

  async forgetGuild(guildId: string): Promise<void> {
    await this.#transact(async (trx) => {
      for (const table of ["discordGuilds", "discordRules", "discordWaits", "discordConsents"] as const) {
        await trx.deleteFrom(table).where("guildId", "=", guildId).execute();
      }
    });
  }

  async addRule(rule: RuleRow): Promise<void> {
    await this.#db
      .insertInto("discordRules")
      .values({ ...rule, enabled: Number(rule.enabled) })
      .execute();
  }

  async rule(id: string): Promise<RuleRow | undefined> {
    const row = await this.#db.selectFrom("discordRules").selectAll().where("id", "=", id).executeTakeFirst();
    return row && ruleOf(row);
  }

  async rules(guildId?: string): Promise<RuleRow[]> {
    const all = this.#db.selectFrom("discordRules").selectAll();
    const query = guildId === undefined ? all : all.where("guildId", "=", guildId);
    return (await query.orderBy("createdAt").orderBy("id").execute()).map(ruleOf);
  }

  async changeRule(...[id, { ruleJson, enabled }]: Arguments<"changeRule">): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable("discordRules")
      .set((eb) => ({
        ruleJson: ruleJson ?? eb.ref("ruleJson"),
        enabled: enabled === undefined ? eb.ref("enabled") : Number(enabled),
      }))
      .where("id", "=", id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async removeRule(id: string): Promise<boolean> {
    return await this.#transact(async (trx) => {
      await trx.deleteFrom("discordWaits").where("ruleId", "=", id).execute();
      const { numDeletedRows } = await trx.deleteFrom("discordRules").where("id", "=", id).executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }

  async setWait(wait: WaitRow): Promise<void> {
    const { ruleId, since, dueAt } = wait;
    await this.#db
      .insertInto("discordWaits")
      .values(wait)
      .onConflict((conflict) =>
        conflict.columns(["guildId", "channelId", "kind"]).doUpdateSet({ ruleId, since, dueAt }),
      )
      .execute();
  }

  async removeWait(...[{ guildId, channelId, kind }]: Arguments<"removeWait">): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("discordWaits")
      .where("guildId", "=", guildId)
      .where("channelId", "=", channelId)
      .where("kind", "=", kind)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  async waits(guildId: string): Promise<WaitRow[]> {
    const all = this.#db.selectFrom("discordWaits").selectAll().where("guildId", "=", guildId);
    return await all.orderBy("channelId").orderBy("kind").execute();
  }

  async dueWaits(at: number, limit: number): Promise<WaitRow[]> {
    const due = this.#db.selectFrom("discordWaits").selectAll().where("dueAt", "<=", at);
    return await due.orderBy("dueAt").orderBy("channelId").orderBy("kind").limit(limit).execute();
  }

  async setConsent(consent: ConsentRow): Promise<void> {
    const { choice, at } = consent;
    await this.#db
      .insertInto("discordConsents")
      .values(consent)
      .onConflict((conflict) => conflict.columns(["guildId", "userId"]).doUpdateSet({ choice, at }))
      .execute();
  }

  async removeConsent(guildId: string, userId: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("discordConsents")
      .where("guildId", "=", guildId)
      .where("userId", "=", userId)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  async consents(guildId: string): Promise<ConsentRow[]> {
    const all = this.#db.selectFrom("discordConsents").selectAll().where("guildId", "=", guildId);
    return await all.orderBy("userId").execute();
  }

  async call(jobId: string): Promise<CallWithJob | undefined> {
    return await calls.callOf(this.#db, jobId);
  }

  async calls(...args: Arguments<"calls">): Promise<Page<CallWithJob>> {
    return await calls.listCalls(this.#db, ...args);
  }

  async openCalls(): Promise<CallWithJob[]> {
    return await calls.openCalls(this.#db);
  }

  async setPanel(...[jobId, { channelId, messageId }]: Arguments<"setPanel">): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable("discordCalls")
      .set({ panelChannelId: channelId, panelMessageId: messageId })
      .where("jobId", "=", jobId)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async markPanelEnded(jobId: string, at: number): Promise<void> {
    await this.#db.updateTable("discordCalls").set({ panelEndedAt: at }).where("jobId", "=", jobId).execute();
  }

  async dueEndMessages(...args: Arguments<"dueEndMessages">): Promise<(EndMessageRow & CallWithJob)[]> {
    return await calls.dueEndMessages(this.#db, ...args);
  }

  async noteEndMessage(...args: Arguments<"noteEndMessage">): Promise<void> {
    await calls.noteEndMessage(this.#db, ...args);
  }

  async endMessages(jobId: string): Promise<EndMessageRow[]> {
    return await this.#db.selectFrom("endMessages").selectAll().where("jobId", "=", jobId).orderBy("target").execute();
  }

  async #transact<Result>(run: (trx: InTransaction) => Promise<Result>): Promise<Result> {
    return await transact(this.#db, run);
  }
}

async function guildRow(db: Database, guildId: string): Promise<GuildRow | undefined> {
  return await db.selectFrom("discordGuilds").selectAll().where("guildId", "=", guildId).executeTakeFirst();
}

async function lockedGuild(trx: InTransaction, guildId: string): Promise<GuildRow | undefined> {
  return await trx
    .selectFrom("discordGuilds")
    .selectAll()
    .where("guildId", "=", guildId)
    .forUpdate()
    .executeTakeFirst();
}

function ruleOf(row: Selectable<Tables["discordRules"]>): RuleRow {
  return { ...row, enabled: row.enabled === 1 };
}
