import { Command } from "commander";
import { endSoon } from "../../process/end-process.ts";

/** The job service starts it, so that decoding a recording keeps none of its answers waiting. */
export function makeDownloadCommand(): Command {
  return new Command("make-download")
    .description("read a task from standard input, and make files of a recording")
    .action(async () => {
      const { makeDownload } = await import("./run-make-download.ts");
      process.exitCode = await makeDownload();
      endSoon();
    });
}
