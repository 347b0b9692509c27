import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { orLogFailure } from "../../process/failure.ts";
import { loadWork } from "../../process/load-work.ts";

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

The data folder is meetbot-discord/service in XDG_STATE_HOME or ~/.local/state; MEETBOT_SERVICE_DATA_DIR names another.
One service at a time can have it. All settings come from the environment or from --config;
docs/reference/service-settings.md lists them. The most used:
  MEETBOT_SERVICE_DATA_DIR      the data folder
  MEETBOT_SERVICE_HOST          the address to listen on, 127.0.0.1 by default
  MEETBOT_SERVICE_PORT          the port, 8080 by default
  MEETBOT_SERVICE_PUBLIC_URL    how customers reach the service
  MEETBOT_SERVICE_STORAGE_URI   where recordings go, file:DIR or s3://BUCKET/PREFIX
  MEETBOT_SERVICE_MAX_WORKERS   calls at the same time, by the machine's memory by default

Ctrl-C or SIGTERM ends the service. Workers that record continue, and the next start finds them again. In a container they
would end with the service, so it asks them to end first, and waits up to 35 s until they have stored.

The log goes to standard error, as JSON lines unless that is a terminal. Exit codes: 0 after a signal, 1 if a setting or
the data folder cannot be used, 2 for a fault of the program.

Run next to it: keys, backup. Run while it is stopped: restore. docs/operate/service.md says how to operate it.

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
