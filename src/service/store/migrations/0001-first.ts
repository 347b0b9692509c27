import type { CreateTableBuilder, Kysely, Migration } from "kysely";
import { countingColumn } from "./counting-column.ts";

const TEXT_COLUMNS_OF_JOBS = ["consumer_id", "key_id", "mode", "request_json", "settings_json", "status"] as const;

/** The tables of the first version. Do not change a migration that was released: add one. */
export const firstTables: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await keyTables(db);
    await jobTables(db);
    await eventTables(db);
    await db.schema
      .createTable("cli_auth")
      .addColumn("nonce_hash", "text", (column) => column.primaryKey())
      .addColumn("user_code", "text", (column) => column.notNull().unique())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("expires_at", "bigint", (column) => column.notNull())
      .addColumn("key_sealed", "text")
      .execute();
  },
};

async function keyTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("consumers")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("keys")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("consumer_id", "text", (column) => column.notNull().references("consumers.id"))
    .addColumn("mode", "text", (column) => column.notNull())
    .addColumn("role", "text", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull().unique())
    .addColumn("shown_prefix", "text", (column) => column.notNull())
    .addColumn("max_concurrent", "integer", (column) => column.notNull())
    .addColumn("webhook_secret_sealed", "text", (column) => column.notNull())
    .addColumn("old_webhook_secret_sealed", "text")
    .addColumn("old_webhook_secret_until", "bigint")
    .addColumn("storage_uri", "text")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("revoked_at", "bigint")
    .execute();
  await db.schema
    .createTable("idempotency")
    .addColumn("consumer_id", "text", (column) => column.notNull().references("consumers.id"))
    .addColumn("mode", "text", (column) => column.notNull())
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("request_hash", "text", (column) => column.notNull())
    .addColumn("status", "integer", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("idempotency_key", ["consumer_id", "mode", "key"])
    .execute();
}

async function jobTables(db: Kysely<unknown>): Promise<void> {
  let jobs: CreateTableBuilder<string, string> = db.schema
    .createTable("jobs")
    .addColumn("id", "text", (column) => column.primaryKey());
  for (const name of TEXT_COLUMNS_OF_JOBS) jobs = jobs.addColumn(name, "text", (column) => column.notNull());
  jobs = jobs
    .addColumn("external_id", "text")
    .addColumn("paused", "integer", (column) => column.notNull())
    .addColumn("stopped", "integer", (column) => column.notNull())
    .addColumn("is_live", "integer", (column) => column.notNull())
    .addColumn("guild_id", "text", (column) => column.notNull())
    .addColumn("channel_id", "text", (column) => column.notNull())
    .addColumn("text_channel_id", "text")
    .addColumn("bot_id", "text", (column) => column.notNull())
    .addColumn("token_sealed", "text")
    .addColumn("webhooks_sealed", "text")
    .addColumn("has_status_hook", "integer", (column) => column.notNull())
    .addColumn("has_finalize_hook", "integer", (column) => column.notNull())
    .addColumn("shares_hook", "integer", (column) => column.notNull())
    .addColumn("storage_uri", "text")
    .addColumn("join_at", "bigint", (column) => column.notNull())
    .addColumn("late", "text", (column) => column.notNull())
    .addColumn("late_window_ms", "bigint", (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("retries", "integer", (column) => column.notNull())
    .addColumn("recoveries", "integer", (column) => column.notNull())
    .addColumn("abandoned_attempt", "integer", (column) => column.notNull())
    .addColumn("claimed_at", "bigint")
    .addColumn("task", "text")
    .addColumn("dispatch_failed", "integer", (column) => column.notNull())
    .addColumn("worker", "text")
    .addColumn("worker_seen_at", "bigint")
    .addColumn("untracked_since", "bigint")
    .addColumn("control_token_sealed", "text")
    .addColumn("ending", "text")
    .addColumn("stop_level", "integer", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addColumn("started_at", "bigint")
    .addColumn("ended_at", "bigint")
    .addColumn("exit_reason", "text")
    .addColumn("exit_detail", "text")
    .addColumn("failure_code", "text")
    .addColumn("failure_detail", "text")
    .addColumn("manifest_uri", "text")
    .addColumn("duration_seconds", "double precision")
    .addColumn("billed", "integer")
    .addColumn("warnings_json", "text", (column) => column.notNull())
    .addColumn("retention_until", "bigint")
    .addColumn("deleted_at", "bigint")
    .addForeignKeyConstraint("jobs_consumer", ["consumer_id"], "consumers", ["id"])
    .addForeignKeyConstraint("jobs_key", ["key_id"], "keys", ["id"])
    .addUniqueConstraint("jobs_external_id", ["consumer_id", "mode", "external_id"]);
  await jobs.execute();
  await db.schema
    .createIndex("jobs_one_live_for_a_bot")
    .on("jobs")
    .columns(["bot_id", "guild_id"])
    .unique()
    .where("is_live" as never, "=", 1)
    .execute();
  await db.schema.createIndex("jobs_claimed").on("jobs").column("claimed_at").execute();
  await db.schema.createIndex("jobs_queued").on("jobs").columns(["status", "join_at"]).execute();
  await db.schema
    .createTable("ingest_tokens")
    .addColumn("hash", "text", (column) => column.primaryKey())
    .addColumn("job_id", "text", (column) => column.notNull().references("jobs.id"))
    .addColumn("attempt", "integer", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("timers")
    .addColumn("job_id", "text", (column) => column.notNull().references("jobs.id"))
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("due_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("timers_key", ["job_id", "kind"])
    .execute();
  await db.schema.createIndex("timers_due").on("timers").column("due_at").execute();
}

async function eventTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("events")
    .addColumn("seq", ...countingColumn(db))
    .addColumn("job_id", "text", (column) => column.notNull().references("jobs.id"))
    .addColumn("event_id", "text", (column) => column.notNull().unique())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("emitted_at", "bigint", (column) => column.notNull())
    .addColumn("data_json", "text", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("events_of_a_job").on("events").columns(["job_id", "seq"]).execute();
  await db.schema
    .createTable("deliveries")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("job_id", "text", (column) => column.notNull().references("jobs.id"))
    .addColumn("seq", "integer", (column) => column.notNull())
    .addColumn("event", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("data_json", "text", (column) => column.notNull())
    .addColumn("emitted_at", "bigint", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addColumn("next_at", "bigint", (column) => column.notNull())
    .addColumn("due_since", "bigint", (column) => column.notNull())
    .addColumn("lease_until", "bigint")
    .addColumn("lease_by", "text")
    .addUniqueConstraint("deliveries_order", ["job_id", "seq"])
    .execute();
  await db.schema.createIndex("deliveries_due").on("deliveries").columns(["state", "next_at"]).execute();
  await db.schema
    .createTable("attempts")
    .addColumn("delivery_id", "text", (column) => column.notNull().references("deliveries.id"))
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addColumn("status", "integer")
    .addColumn("latency_ms", "double precision", (column) => column.notNull())
    .addColumn("error", "text")
    .addPrimaryKeyConstraint("attempts_key", ["delivery_id", "number"])
    .execute();
}
