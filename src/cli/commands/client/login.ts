import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";

const work = () => loadWork(() => import("./run-login.ts"));

export function loginCommand(): Command {
  return new Command("login")
    .description("keep an API key of a job service for the other commands")
    .option("--token <key>", "an API key that you have; without it, somebody confirms a code in a browser")
    .option("--json", "print one JSON object for each step")
    .addHelpText(
      "after",
      `
The key is kept in ~/.config/meetbot/token, which only you can read. MEETBOT_API_KEY wins over it. The service's address
comes from MEETBOT_API_BASE_URL.

Examples:
  ${typed("login")}
  ${typed("login")} --token mb_live_…`,
    )
    .action(async (options) => (await work()).login(options));
}

export function logoutCommand(): Command {
  return new Command("logout")
    .description("remove the API key that login has kept; it stays valid")
    .option("--json", "print one JSON object")
    .action(async (options) => (await work()).logout(options));
}
