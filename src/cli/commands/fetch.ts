import { basename, resolve } from "node:path";
import { Command } from "commander";
import { InputError } from "../../errors.ts";
import { typed } from "../../invocation.ts";
import { type DownloadResult, downloadRecording } from "../../storage/download.ts";
import { counted } from "../../text/counted.ts";
import { megabytes } from "../../text/megabytes.ts";
import { pathFrom } from "../../text/shell-words.ts";
import { openRecording } from "../open-recording.ts";
import { pathFor } from "../path-argument.ts";
import { interruptible } from "../process/interrupt.ts";
import { ProgressBar } from "../view/progress-bar.ts";

export function fetchCommand(): Command {
  return new Command("fetch")
    .description("download a recording from a bucket")
    .argument("<job>", "s3://BUCKET/PREFIX/JOB_ID of a finished job, with its manifest.json")
    .argument(
      "[dir]",
      "folder for the files; by default one with the job's id, in the current folder",
      pathFor("fetch"),
    )
    .addHelpText(
      "after",
      `
A file gets its name once its size and SHA-256 match the manifest. The manifest is written last. If you run the command
again, it keeps the files that match and downloads the rest. If a file exists with other content, nothing is downloaded and the
file is not changed.

The storage and the credentials come from the environment, as for record: MEETBOT_S3_ENDPOINT, MEETBOT_S3_REGION,
MEETBOT_S3_FORCE_PATH_STYLE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or another source that the AWS SDK knows. The
credentials need s3:GetObject. With s3:ListBucket too, the command can say whether a job does not exist or is not finished.

Exit code: 0 if all files are here; 1 if the address, the folder or a file in the bucket is wrong; 2 if the storage does not
answer; 3 if it refuses the credentials; 130 after Ctrl-C.

Examples:
  ${typed("fetch")} s3://my-bucket/recordings/job_01HX9N8K
  ${typed("fetch")} s3://my-bucket/recordings/job_01HX9N8K ~/calls/standup`,
    )
    .action(async (job: string, directory: string | undefined) => {
      process.exitCode = await fetchJob(job, directory);
    });
}

/** @returns the exit code */
async function fetchJob(job: string, chosen: string | undefined): Promise<number> {
  if (!job.startsWith("s3:")) {
    throw new InputError(`fetch: "${job}" is not an address in a bucket, expected s3://BUCKET/PREFIX/JOB_ID`);
  }
  const source = await openRecording(job);
  const directory = resolve(chosen ?? basename(job));
  const bar = new ProgressBar(process.stderr);
  const notice = "interrupted: complete files are kept; run the same command again to continue";
  return await interruptible(notice, async (signal) => {
    try {
      const report = await downloadRecording({
        source,
        directory,
        signal,
        onProgress: ({ files, totalFiles, bytes, totalBytes }) =>
          bar.show(
            bytes / totalBytes,
            `${files} of ${counted(totalFiles, "file")}, ${megabytes(bytes)} of ${megabytes(totalBytes)} MB`,
          ),
      });
      bar.stop();
      printReport(report, directory);
    } finally {
      bar.stop();
    }
  });
}

function printReport({ files, bytes, kept }: DownloadResult, directory: string): void {
  const before = kept === 0 ? "" : `, ${kept} of them were already here`;
  process.stderr.write(`${counted(files, "file")}, ${megabytes(bytes)} MB${before}\n`);
  const name = pathFrom(process.cwd(), directory);
  const next = ["verify", "report", "export"].map((command) => `  ${typed(command, name)}\n`);
  process.stderr.write(`next, one of:\n${next.join("")}`);
  process.stdout.write(`${directory}\n`);
}
