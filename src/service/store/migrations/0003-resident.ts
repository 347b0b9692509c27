import type { Kysely, Migration } from "kysely";

/** What the resident needs: servers, rules, calls, links and logins. */
export const residentTables: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await guildTables(db);
    await callTables(db);
    await linkTable(db);
    await loginTables(db);
  },
};

async function guildTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("discord_guilds")
    .addColumn("guild_id", "text", (column) => column.primaryKey())
    .addColumn("settings_json", "text", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("discord_rules")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("guild_id", "text", (column) => column.notNull())
    .addColumn("rule_json", "text", (column) => column.notNull())
    .addColumn("created_by", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("enabled", "integer", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("discord_rules_of_a_guild").on("discord_rules").column("guild_id").execute();
  await db.schema
    .createTable("discord_waits")
    .addColumn("guild_id", "text", (column) => column.notNull())
    .addColumn("channel_id", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("rule_id", "text", (column) => column.notNull())
    .addColumn("since", "bigint", (column) => column.notNull())
    .addColumn("due_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("discord_waits_key", ["guild_id", "channel_id", "kind"])
    .execute();
  await db.schema.createIndex("discord_waits_due").on("discord_waits").column("due_at").execute();
  await db.schema
    .createTable("discord_consents")
    .addColumn("guild_id", "text", (column) => column.notNull())
    .addColumn("user_id", "text", (column) => column.notNull())
    .addColumn("choice", "text", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("discord_consents_key", ["guild_id", "user_id"])
    .execute();
}

async function callTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("discord_calls")
    .addColumn("job_id", "text", (column) => column.primaryKey().references("jobs.id"))
    .addColumn("guild_id", "text", (column) => column.notNull())
    .addColumn("voice_channel_id", "text", (column) => column.notNull())
    .addColumn("panel_channel_id", "text")
    .addColumn("panel_message_id", "text")
    .addColumn("panel_ended_at", "bigint")
    .addColumn("started_by", "text")
    .addColumn("title", "text")
    .addColumn("origin", "text", (column) => column.notNull())
    .addColumn("rule_id", "text")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("discord_calls_of_a_guild").on("discord_calls").columns(["guild_id", "job_id"]).execute();
  await db.schema.createIndex("discord_calls_open").on("discord_calls").column("panel_ended_at").execute();
  await db.schema
    .createTable("end_messages")
    .addColumn("job_id", "text", (column) => column.notNull().references("discord_calls.job_id"))
    .addColumn("target", "text", (column) => column.notNull())
    .addColumn("address", "text", (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addColumn("next_at", "bigint", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("message_id", "text")
    .addPrimaryKeyConstraint("end_messages_key", ["job_id", "target"])
    .execute();
  await db.schema.createIndex("end_messages_due").on("end_messages").columns(["state", "next_at"]).execute();
}

async function linkTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("shared_links")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("job_id", "text", (column) => column.notNull().references("jobs.id"))
    .addColumn("guild_id", "text")
    .addColumn("made_for", "text", (column) => column.notNull())
    .addColumn("may_delete", "integer", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .addColumn("revoked_at", "bigint")
    .execute();
  await db.schema.createIndex("shared_links_of_a_job").on("shared_links").column("job_id").execute();
  await db.schema.createIndex("shared_links_of_a_guild").on("shared_links").column("guild_id").execute();
}

async function loginTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("logins")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("bot_id", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("logins_of_a_bot").on("logins").columns(["bot_id", "at"]).execute();
  await db.schema
    .createTable("login_limits")
    .addColumn("bot_id", "text", (column) => column.primaryKey())
    .addColumn("total", "integer", (column) => column.notNull())
    .addColumn("remaining", "integer", (column) => column.notNull())
    .addColumn("reset_at", "bigint", (column) => column.notNull())
    .addColumn("seen_at", "bigint", (column) => column.notNull())
    .execute();
}
