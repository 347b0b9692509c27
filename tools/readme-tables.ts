import { settingsTable } from "../src/config/settings.ts";
import { exitCodesTable, exitReasonsTable, failuresTable } from "../src/session/exit.ts";
import { withMarked } from "./marked.ts";

/** The README's tables that are made from the code, by the names in their marks. */
const TABLES: Readonly<Record<string, () => string>> = {
  settings: settingsTable,
  "exit-reasons": exitReasonsTable,
  failures: failuresTable,
  "exit-codes": exitCodesTable,
};

/**
 * The README with its tables made anew: each stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
 *
 * @throws Error where a table's marks are missing
 */
export function withTables(readme: string): string {
  return Object.entries(TABLES).reduce((text, [name, table]) => withMarked("README.md", text, name, table()), readme);
}
