import { type ColumnDataType, type ColumnDefinitionBuilder, type Kysely, SqliteAdapter } from "kysely";

type Build = (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;

/** Type and rules of a primary key that counts up and never gives a number again. Each database has its own words for it. */
export function countingColumn(db: Kysely<unknown>): readonly [ColumnDataType, Build] {
  return db.getExecutor().adapter instanceof SqliteAdapter
    ? ["integer", (column) => column.primaryKey().autoIncrement()]
    : ["bigint", (column) => column.primaryKey().generatedAlwaysAsIdentity()];
}
