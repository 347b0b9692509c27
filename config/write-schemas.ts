import { readFileSync, writeFileSync } from "node:fs";
import { generatedFiles } from "./generated.ts";
import { withTables } from "./readme-tables.ts";

/** Writes what is made from the code: schemas and defaults in this folder, tables in the README. */
for (const [name, content] of Object.entries(await generatedFiles())) {
  writeFileSync(new URL(name, import.meta.url), content);
}
const readme = new URL("../README.md", import.meta.url);
writeFileSync(readme, withTables(readFileSync(readme, "utf8")));
