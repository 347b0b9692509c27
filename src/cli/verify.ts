import { Command } from "commander";
import { loadSharedConfig } from "../config/load.ts";
import { SECRET_NAMES } from "../config/settings.ts";
import { type RecordingFiles, verifyRecording } from "../recording/verify.ts";
import { RecordingFolder } from "../storage/recording-folder.ts";

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
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) {
    process.stderr.write(`${job}: ${faults.length} fault${faults.length === 1 ? "" : "s"}\n`);
    return 1;
  }
  const files =
    (manifest?.tracks.length ?? 0) + (manifest?.chatUri === undefined ? 1 : 2) + (manifest?.attachments?.length ?? 0);
  process.stdout.write(`${job}: all ${files} files are as the manifest says\n`);
  return 0;
}

async function openRecording(job: string): Promise<RecordingFiles> {
  if (!job.startsWith("s3:")) return await RecordingFolder.open(job);
  // As if recordings went there: the address is checked and its settings read in the same way.
  const { storage, s3Credentials } = loadSharedConfig({ environment: { ...process.env, MEETBOT_STORAGE_URI: job } });
  for (const name of SECRET_NAMES) delete process.env[name];
  if (storage.kind !== "s3") throw new TypeError(`${job} begins with s3: and is no folder`);
  const { S3Recording } = await import("../storage/s3-recording.ts");
  return await S3Recording.open({ ...storage, credentials: s3Credentials });
}
