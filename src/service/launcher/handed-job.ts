import * as z from "zod";

/** What a worker that waits gets on standard input, as one line: what a worker that is started for a job has at once. */
const handedJob = z.object({
  /** The job's folder. */
  folder: z.string(),
  /** Making this folder accepts the job. It fails if the launcher has given the attempt up. */
  started: z.string(),
  /** The settings. Those that are secrets name files. */
  environment: z.record(z.string(), z.string()),
});

export type HandedJob = z.infer<typeof handedJob>;

export function readHandedJob(line: string): HandedJob {
  return handedJob.parse(JSON.parse(line));
}

export function handedJobLine(job: HandedJob): string {
  return `${JSON.stringify(job)}\n`;
}
