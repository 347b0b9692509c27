import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";

export function restoreCommand(): Command {
  return new Command("restore")
    .description("put a backup of the job service into a data folder that has no database")
    .argument("<file>", "what backup has made")
    .option("--config <file>", "JSON file with settings of the service; the environment wins")
    .addHelpText(
      "after",
      `
Stop the service first, move its service.db, service.db-wal and service.db-shm away, and see that sealing.key is in the
data folder. The backup is checked before anything is written: that it is whole, that this version can read it, and that
the sealing key opens its secrets.

Example:
  ${typed("restore")} /backups/service-2026-11-30.db`,
    )
    .action(async (file: string, { config }: { readonly config?: string }) => {
      const { restoreService } = await loadWork(() => import("./run-backup.ts"));
      await restoreService(file, config);
    });
}
