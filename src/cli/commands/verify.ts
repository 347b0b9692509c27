import { Command } from "commander";
import { verifyRecording } from "../../recording/verify.ts";
import { boundedLines } from "../../text/bounded-lines.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/safe-text.ts";
import { openRecording } from "../open-recording.ts";

export function verifyCommand(): Command {
  return new Command("verify")
    .description("check a recording against its manifest")
    .argument("<job>", "folder of a finished job, or s3://BUCKET/PREFIX/JOB_ID, with its manifest.json")
    .addHelpText(
      "after",
      `
Checks that each file exists and has the size and hash of the manifest. Checks that each audio page is complete, in
sequence, and counts its samples correctly; that durations and packet counts add up; and that each line of the logs is valid.

Prints one line for each fault, at most 20, and then how many more there are. For s3:// the MEETBOT_S3_* settings and the
credentials come from the environment, as for record.

Exit code: 0 if there is no fault, 1 if there is one.`,
    )
    .action(async (job: string) => {
      process.exitCode = await verify(job);
    });
}

/** @returns the exit code */
export async function verify(job: string): Promise<number> {
  const { faults, faultCount, manifest } = await verifyRecording(await openRecording(job));
  if (faults.length > 0) {
    for (const line of boundedLines(faults, "fault", faultCount)) process.stderr.write(`${printable(line)}\n`);
    process.stderr.write(`${job}: ${counted(faultCount, "fault")}\n`);
    return 1;
  }
  const files =
    (manifest?.tracks.length ?? 0) + (manifest?.chatUri === undefined ? 1 : 2) + (manifest?.attachments?.length ?? 0);
  process.stdout.write(`${job}: ${files === 1 ? "its one file is" : `all ${files} files are`} as the manifest says\n`);
  return 0;
}
