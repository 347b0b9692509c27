import { apiDocument } from "../../src/control/api-document.ts";
import { serviceDocument } from "../../src/service/api/api-document.ts";
import { clientExitCodes } from "../documents/skill.ts";
import { withMarked } from "../marked.ts";
import { commands } from "./cli.ts";
import { exitCodesTable, exitReasonsTable, failuresTable } from "./exit-reasons.ts";
import { operationsTable, refusalsTable } from "./http-api.ts";
import { serviceSettings, settingsByTopic } from "./settings.ts";

/** What the code writes into each page, by the names in the page's marks. */
export const PAGES: Readonly<Record<string, Readonly<Record<string, () => string | Promise<string>>>>> = {
  "docs/reference/settings.md": { settings: settingsByTopic },
  "docs/reference/exit-reasons.md": {
    "exit-reasons": exitReasonsTable,
    failures: failuresTable,
    "exit-codes": exitCodesTable,
  },
  "docs/reference/cli.md": { commands },
  "docs/guide/command-line.md": { "exit-codes": clientExitCodes },
  "docs/reference/http-api.md": {
    operations: async () => operationsTable(await apiDocument()),
    refusals: async () => refusalsTable(await apiDocument()),
  },
  "docs/reference/service-api.md": {
    operations: async () => operationsTable(await serviceDocument()),
    refusals: async () => refusalsTable(await serviceDocument()),
  },
  "docs/reference/service-settings.md": { settings: serviceSettings },
};

/**
 * A page with its generated parts as the code makes them now: each is between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
 *
 * @throws Error if the page is not one of `PAGES`, or its marks are missing
 */
export async function withGenerated(page: string, text: string): Promise<string> {
  const parts = PAGES[page];
  if (parts === undefined) throw new Error(`${page} has no generated parts`);
  let result = text;
  for (const [name, content] of Object.entries(parts)) result = withMarked(page, result, name, await content());
  return result;
}
