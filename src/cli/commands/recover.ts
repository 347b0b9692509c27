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
      "a job's folder in the spool; with --all the spool, by default MEETBOT_SPOOL_DIR",
      pathFor("recover"),
    )
    .option("--all", "every job in the spool that no other process has")
    .option("--except <job>", "with --all: leave the job with this id to somebody else")
    .option("--journal-storage", "store where the job's journal says, if that is not where MEETBOT_STORAGE_URI says")
    .option("--config <file>", "JSON file with settings; the environment wins")
    .addHelpText(
      "after",
      `
Files that were cut off are made whole, what is not stored is stored, the manifest is written, and the folder is
removed. Running it again, or on a job that is finished, changes nothing.

The storage and its credentials come from the environment, as for a recording. A job whose journal names another storage
is refused, because somebody else may have written that journal. If nobody else can write to the spool, --journal-storage
stores such a job where its journal says; MEETBOT_S3_ENDPOINT has to be the journal's even then.

Exit code: 0 where every job is finished; 5 where something still could not be stored; 1 where a folder holds no job,
or another process has it. With --all, jobs that another process has are its own business and left alone.

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
