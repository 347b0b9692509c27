import { Command } from "commander";
import { endSoon } from "../../process/end-process.ts";
import { orLogFailure } from "../../process/failure.ts";
import { loadWork } from "../../process/load-work.ts";
import type { AwaitOptions } from "./run-await-job.ts";

/** The job service starts it, so that a job does not wait until its code is loaded. */
export function awaitJobCommand(): Command {
  return new Command("await-job")
    .description("load everything, wait for a job on standard input, and record it")
    .option("--bucket", "the job's storage is a bucket")
    .action(async (options: AwaitOptions) => {
      process.exitCode = await orLogFailure(undefined, async () => {
        const { awaitJob } = await loadWork(() => import("./run-await-job.ts"));
        return await awaitJob(options);
      });
      endSoon();
    });
}
