import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";

export function backupCommand(): Command {
  return new Command("backup")
    .description("copy the job service's database to a new file, also while the service runs")
    .argument("<file>", "the backup; must not exist")
    .option("--config <file>", "JSON file with settings of the service; the environment wins")
    .addHelpText(
      "after",
      `
The backup holds the database: keys, jobs, events and deliveries. It does not hold recordings, spools, or the sealing
key. Without the sealing key it cannot be restored, so keep a copy of the key in another place.

Example:
  ${typed("backup")} /backups/service-2026-11-30.db`,
    )
    .action(async (file: string, { config }: { readonly config?: string }) => {
      const { backUpService } = await loadWork(() => import("./run-backup.ts"));
      await backUpService(file, config);
    });
}
