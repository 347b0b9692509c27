import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";

const work = () => loadWork(() => import("./run-webhooks.ts"));

export function webhooksCommand(): Command {
  return new Command("webhooks")
    .description("verify webhooks, and try a receiver on this machine")
    .addCommand(
      new Command("listen")
        .description("send the job events of a job service to an address of this machine, until it is interrupted")
        .option("--port <port>", "the receiver's port on this machine", "4242")
        .option("--path <path>", "the receiver's path", "/")
        .option("--json", "print one JSON object for each event")
        .action(async (options) => (await work()).listen(options)),
    )
    .addCommand(
      new Command("verify")
        .description("check whether a webhook is genuine; needs no service")
        .requiredOption("--body <file>", "the raw body as it arrived; - for standard input")
        .requiredOption("--header <text>", "the value of x-meetbot-signature")
        .option("--secret <secret>", "the webhook secret; by default MEETBOT_WEBHOOK_SECRET")
        .option("--json", "print one JSON object")
        .action(async (options) => (await work()).verify(options)),
    )
    .addHelpText(
      "after",
      `
listen follows all jobs of the key, and sends what happens from now on. With MEETBOT_WEBHOOK_SECRET it signs each event as
the service does. Whether the receiver accepts an event changes nothing at the service.
verify exits 0 if the webhook is genuine, and 1 if not.

Examples:
  ${typed("webhooks")} listen --port 4242 --path /hook
  ${typed("webhooks")} verify --body body.json --header sha256=…`,
    );
}
