import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { pathFor } from "../../path-argument.ts";
import { loadWork } from "../../process/load-work.ts";

export function skillCommand(): Command {
  return new Command("skill")
    .description("write a skill folder for an AI assistant that uses this command line")
    .option("--out <dir>", "the folder in which the skill's folder is made", pathFor("--out"), ".")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The folder meetbot-discord has SKILL.md, with what to do and when, and a list of commands. An earlier one is replaced.

Examples:
  ${typed("skill")} --out ~/.claude/skills
  ${typed("skill")} --out .claude/skills`,
    )
    .action(async (options) => (await loadWork(() => import("./run-skill.ts"))).skill(options));
}
