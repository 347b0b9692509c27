import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Command } from "commander";
import { ulid } from "ulid";
import { PACKAGE_ROOT } from "../../package/root.ts";
import { pathFor } from "../path-argument.ts";
import { replay } from "./replay.ts";
import { report } from "./report.ts";

const FIXTURE = fileURLToPath(new URL("test/fixtures/standup", PACKAGE_ROOT));

export function demoCommand(): Command {
  return new Command("demo")
    .description("replay the example call that ships, and make its report")
    .option("--storage <folder>", "where the recording goes", pathFor("--storage"), "recordings")
    .action(async ({ storage }: { storage: string }) => {
      const jobId = `job_${ulid()}`;
      process.exitCode = await replay(FIXTURE, { storage, jobId, dave: true });
      if (process.exitCode === 0) {
        const page = await report(join(storage, jobId));
        process.stdout.write(`open ${pathToFileURL(page).href} to see and hear it\n`);
      }
    });
}
