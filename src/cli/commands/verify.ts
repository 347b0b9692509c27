import { Command } from "commander";
import { verifyRecording } from "../../recording/verify.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/safe-text.ts";
import { openRecording } from "../open-recording.ts";

export function verifyCommand(): Command {
  return new Command("verify")
    .description("check a recording against its manifest")
    .argument("<job>", "a job's folder, or s3://BUCKET/PREFIX/JOB_ID, which holds its manifest.json")
    .addHelpText(
      "after",
      `
Checks that each file is there with its size and hash, that each page of the audio is whole, in sequence and counts its
samples right, that durations and packet numbers add up, and that each line of the logs has its form.
Prints one line a fault and exits 1 where there is any.
For s3:// the MEETBOT_S3_* settings and the credentials come from the environment, as for recording.`,
    )
    .action(async (job: string) => {
      process.exitCode = await verify(job);
    });
}

/** @returns the exit code */
export async function verify(job: string): Promise<number> {
  const { faults, manifest } = await verifyRecording(await openRecording(job));
  for (const fault of faults) process.stderr.write(`${printable(fault)}\n`);
  if (faults.length > 0) {
    process.stderr.write(`${job}: ${counted(faults.length, "fault")}\n`);
    return 1;
  }
  const files =
    (manifest?.tracks.length ?? 0) + (manifest?.chatUri === undefined ? 1 : 2) + (manifest?.attachments?.length ?? 0);
  process.stdout.write(`${job}: ${files === 1 ? "its one file is" : `all ${files} files are`} as the manifest says\n`);
  return 0;
}
