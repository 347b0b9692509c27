import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { replay } from "./replay.ts";

const FIXTURE = fileURLToPath(new URL("../../test/fixtures/standup", import.meta.url));

export function demoCommand(): Command {
  return new Command("demo")
    .description("replay the call that ships, and show what came of it")
    .option("--storage <folder>", "where the recording goes", "recordings")
    .action(async ({ storage }: { storage: string }) => {
      process.exitCode = await replay(FIXTURE, { storage, dave: true });
    });
}
