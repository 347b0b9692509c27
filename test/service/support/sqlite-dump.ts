import type { DatabaseSync, SQLOutputValue } from "node:sqlite";

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** Every table with its rows, by name. */
export function rowsByTable(database: DatabaseSync): Readonly<Record<string, readonly Row[]>> {
  const names = database.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  return Object.fromEntries(
    names
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith("sqlite_"))
      .map((name) => [name, database.prepare(`select * from "${name}" order by 1, 2`).all()]),
  );
}

/** The statements that made tables and indices, in the order in which they ran. */
export function schemaOf(database: DatabaseSync): readonly string[] {
  return database
    .prepare("select sql from sqlite_schema where sql is not null and name not like 'sqlite_%' order by rowid")
    .all()
    .map(({ sql }) => String(sql));
}

/** A database as SQL that makes it again. */
export function dumpSqlite(database: DatabaseSync): string {
  const lines = schemaOf(database).map((sql) => `${sql};`);
  for (const [table, rows] of Object.entries(rowsByTable(database))) {
    for (const row of rows) {
      const columns = Object.keys(row).map((name) => `"${name}"`);
      lines.push(
        `insert into "${table}" (${columns.join(", ")}) values (${Object.values(row).map(literal).join(", ")});`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function literal(value: SQLOutputValue): string {
  if (value === null) return "null";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  throw new Error("the service's tables have no bytes");
}
