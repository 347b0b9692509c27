import { Command } from "commander";
import { typed } from "../../invocation.ts";
import { pathFor } from "../path-argument.ts";
import { endSoon } from "../process/end-process.ts";
import { orLogFailure } from "../process/failure.ts";
import { loadWork } from "../process/load-work.ts";
import type { RecoverOptions } from "./run-recover.ts";

export function recoverCommand(): Command {
  return new Command("recover")
    .description("finish jobs whose worker was killed or could not store everything")
    .argument(
      "[dir]",
      "folder of a job in the spool; with --all the spool itself, by default MEETBOT_SPOOL_DIR",
      pathFor("recover"),
    )
    .option("--all", "finish every job in the spool that no other process is working on")
    .option("--except <job>", "with --all: skip the job with this id")
    .option(
      "--journal-storage",
      "store to the storage in the job's journal, even if MEETBOT_STORAGE_URI names another one",
    )
    .option("--config <file>", "JSON file with settings; the environment wins")
    .addHelpText(
      "after",
      `
Repairs files that were cut off, stores what is not stored yet, writes the manifest, and removes the job's folder from the
spool. Running it again, or on a finished job, changes nothing.

The storage and its credentials come from the environment, as for record. A job whose journal names another storage is
refused, because somebody else may have written that journal. If nobody else can write to the spool, use
--journal-storage to accept the journal's storage. MEETBOT_S3_ENDPOINT must match the journal even then.

Exit code: 0 if every job is finished; 5 if something still could not be stored; 1 if the folder contains no job, or
another process is working on it. With --all, jobs of other processes are skipped.

Examples:
  ${typed("recover")} /var/spool/meetbot/job_01HX9N8K
  ${typed("recover")} --all /var/spool/meetbot`,
    )
    .action(async (directory: string | undefined, options: RecoverOptions) => {
      process.exitCode = await orLogFailure(undefined, async () => {
        const { recover } = await loadWork(() => import("./run-recover.ts"));
        return await recover(directory, options);
      });
      endSoon();
    });
}
