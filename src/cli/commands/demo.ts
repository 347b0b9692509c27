import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Command } from "commander";
import { ulid } from "ulid";
import { InputError } from "../../errors.ts";
import { typed } from "../../invocation.ts";
import { PACKAGE_ROOT } from "../../package/root.ts";
import { pathFor } from "../path-argument.ts";
import { replay } from "./replay.ts";
import { report } from "./report.ts";

const FIXTURE = fileURLToPath(new URL("test/fixtures/standup", PACKAGE_ROOT));

export function demoCommand(): Command {
  return new Command("demo")
    .description("replay the example call of the source, and make its report")
    .option("--storage <folder>", "where the recording goes", pathFor("--storage"), "recordings")
    .action(async ({ storage }: { storage: string }) => {
      // Neither the package nor the image holds the tests' fixtures.
      if (!existsSync(FIXTURE)) {
        throw new InputError(
          `demo: this installation does not contain the example call, only the source does; run "npm run demo" in a checkout, or replay a fixture of your own: ${typed("replay", "FOLDER")}`,
        );
      }
      const jobId = `job_${ulid()}`;
      process.exitCode = await replay(FIXTURE, { storage, jobId, dave: true });
      if (process.exitCode === 0) {
        const page = await report(join(storage, jobId));
        process.stdout.write(`open ${pathToFileURL(page).href} to see and hear it\n`);
      }
    });
}
