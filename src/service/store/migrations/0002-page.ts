import type { Kysely, Migration } from "kysely";

/** What the page for people needs: sessions of browsers, and who asks for a login. */
export const pageTables: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("page_sessions")
      .addColumn("hash", "text", (column) => column.primaryKey())
      .addColumn("key_id", "text", (column) => column.notNull().references("keys.id"))
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("expires_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.alterTable("cli_auth").addColumn("client", "text").execute();
    await db.schema.alterTable("cli_auth").addColumn("address", "text").execute();
  },
};
