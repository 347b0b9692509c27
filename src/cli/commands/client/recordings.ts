import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";

const work = () => loadWork(() => import("./run-recordings.ts"));

export function recordingsCommand(): Command {
  return new Command("recordings")
    .description("list, show, download and delete recordings of a job service")
    .addCommand(
      new Command("ls")
        .description("list stored recordings, newest first")
        .option("--limit <recordings>", "at most so many", "20")
        .option("--json", "print one JSON object for each recording")
        .action(async (options) => (await work()).list(options)),
    )
    .addCommand(
      new Command("get")
        .description("show a recording and its files")
        .argument("<id>", "the job's id")
        .option("--json", "print one JSON object: the manifest, and an address for each file")
        .action(async (id, options) => (await work()).get(id, options)),
    )
    .addCommand(
      new Command("download")
        .description("download a recording; run it again to continue after an interruption")
        .argument("<id>", "the job's id")
        .option("--out <dir>", "the folder for the files; by default meetbot-ID")
        .option("--json", "print one JSON object for each file")
        .action(async (id, options) => (await work()).download(id, options)),
    )
    .addCommand(
      new Command("rm")
        .description("delete every file of a recording for good")
        .argument("<id>", "the job's id")
        .option("--json", "print one JSON object")
        .action(async (id, options) => (await work()).remove(id, options)),
    )
    .addHelpText(
      "after",
      `
The API key comes from MEETBOT_API_KEY or from ${typed("login")}, the service's address from MEETBOT_API_BASE_URL. A download
compares each file with the length and SHA-256 of the manifest. An unfinished file ends in .part.

Exit codes: 0 success, 1 wrong input, 2 the service or the network failed, 3 not authenticated, 4 quota exceeded.`,
    );
}
