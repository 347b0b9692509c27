import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";

const work = () => loadWork(() => import("./run-login.ts"));

export function loginCommand(): Command {
  return new Command("login")
    .description("keep an API key of a job service for the other commands")
    .option(
      "--token <key>",
      "an API key that you have, - for standard input; without it, somebody confirms a code in a browser",
    )
    .option("--json", "print one JSON object for each step")
    .addHelpText(
      "after",
      `
The key is kept in ~/.config/meetbot/token, and the service's address, which comes from MEETBOT_API_BASE_URL, next to it.
Only you can read them. A kept key is sent to no other service. MEETBOT_API_KEY wins over it.

Other users of this machine may see a key that is typed as an argument. With - it is read from standard input.

Examples:
  ${typed("login")}
  ${typed("login")} --token - < file-with-the-key`,
    )
    .action(async (options) => (await work()).login(options));
}

export function logoutCommand(): Command {
  return new Command("logout")
    .description("remove the API key that login has kept; it stays valid")
    .option("--json", "print one JSON object")
    .action(async (options) => (await work()).logout(options));
}
