import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";
import type { RestoreOptions } from "./run-backup.ts";

export function restoreCommand(): Command {
  return new Command("restore")
    .description("put a backup of the job service into its data folder")
    .argument("<file>", "what backup has made")
    .option("--replace", "move the database that is there to a folder replaced-TIME in the data folder")
    .option("--config <file>", "JSON file with settings of the service; the environment wins")
    .addHelpText(
      "after",
      `
Stop the service first, and make sure that sealing.key is in the data folder. The backup is checked before anything is
changed: that it is whole, that this version can read it, and that the sealing key opens its secrets.

Examples:
  ${typed("restore")} /backups/service-2026-11-30.db
  ${typed("restore")} --replace /backups/service-2026-11-30.db`,
    )
    .action(async (file: string, options: RestoreOptions) => {
      const { restoreService } = await loadWork(() => import("./run-backup.ts"));
      await restoreService(file, options);
    });
}
