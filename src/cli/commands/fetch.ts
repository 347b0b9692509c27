import { basename, resolve } from "node:path";
import { Command } from "commander";
import { InputError } from "../../errors.ts";
import { typed } from "../../invocation.ts";
import { type DownloadReport, downloadRecording } from "../../storage/download.ts";
import { counted } from "../../text/counted.ts";
import { pathFrom } from "../../text/shell-words.ts";
import { openRecording } from "../open-recording.ts";
import { pathFor } from "../path-argument.ts";
import { interruptible } from "../process/interrupt.ts";
import { ProgressBar } from "../view/progress-bar.ts";

export function fetchCommand(): Command {
  return new Command("fetch")
    .description("bring a recording from a bucket to this disk")
    .argument("<job>", "s3://BUCKET/PREFIX/JOB_ID, which holds its manifest.json")
    .argument("[dir]", "folder for its files; by default one with the job's id in the current folder", pathFor("fetch"))
    .addHelpText(
      "after",
      `
Each file gets its name when its size and SHA-256 are those of the manifest; the manifest comes last. Running it again
goes on where it ended: what is there and right is kept. A file that is there with another content is left as it is,
and nothing is fetched then.

The store and the credentials come from the environment, as for recording: MEETBOT_S3_ENDPOINT, MEETBOT_S3_REGION,
MEETBOT_S3_FORCE_PATH_STYLE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or whatever else the AWS SDK knows. They have to
be allowed s3:GetObject; with s3:ListBucket too, a job that is not there can be told from one that is not finished.

Exit code: 0 where everything is here; 1 where the address, the folder or a file in the bucket is not as it should be;
2 where the store does not answer; 3 where it refuses the credentials; 130 after Ctrl-C.

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
    throw new InputError(`fetch: "${job}" is no address in a bucket, expected s3://BUCKET/PREFIX/JOB_ID`);
  }
  const source = await openRecording(job);
  const directory = resolve(chosen ?? basename(job));
  const bar = new ProgressBar(process.stderr);
  const notice = "interrupted: what is whole stays, and the same command goes on from there";
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
      tell(report, directory);
    } finally {
      bar.stop();
    }
  });
}

function tell({ files, bytes, kept }: DownloadReport, directory: string): void {
  const before = kept === 0 ? "" : `, ${kept} of them were here`;
  process.stderr.write(`${counted(files, "file")}, ${megabytes(bytes)} MB${before}\n`);
  const name = pathFrom(process.cwd(), directory);
  const next = ["verify", "report", "export"].map((command) => `  ${typed(command, name)}\n`);
  process.stderr.write(`next, one of:\n${next.join("")}`);
  process.stdout.write(`${directory}\n`);
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
