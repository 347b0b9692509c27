import { settingsTable } from "../src/config/settings.ts";
import { exitCodesTable, exitReasonsTable, failuresTable } from "../src/session/exit.ts";

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
  return Object.entries(TABLES).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`README.md lacks ${begin} … ${end}`);
    return `${text.slice(0, from + begin.length)}\n${table()}\n${text.slice(to)}`;
  }, readme);
}
