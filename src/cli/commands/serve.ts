import { Command } from "commander";
import { typed } from "../../invocation.ts";
import { orLogFailure } from "../process/failure.ts";
import { loadWork } from "../process/load-work.ts";

export function serveCommand(): Command {
  return new Command("serve")
    .description("run the job service: an API that records calls, now or later")
    .option("--config <file>", "JSON file with settings of the service; the environment wins")
    .addHelpText(
      "after",
      `
The first start makes a data folder with a database and a sealing key, and shows a test key once. Jobs of a test key play
a recorded call; they need no Discord. For a live key, run:
  ${typed("keys")} create --consumer NAME

Settings come from the environment, such as MEETBOT_SERVICE_PORT; docs/reference/service-settings.md lists them.
Ctrl-C or SIGTERM ends the service. Workers that record continue, and the next start finds them again.

Examples:
  ${typed("serve")}
  MEETBOT_SERVICE_HOST=0.0.0.0 MEETBOT_SERVICE_PUBLIC_URL=https://calls.example.org ${typed("serve")}`,
    )
    .action(async (options: { readonly config?: string }) => {
      process.exitCode = await orLogFailure(undefined, async () => {
        const { serve } = await loadWork(() => import("./run-serve.ts"));
        return await serve(options.config);
      });
    });
}
