// What `await-job` does. `await-job.ts` describes the command and loads this file only to run it.
import { closeSync, mkdirSync, readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import tls from "node:tls";
import { hasCode } from "../../../errors.ts";
import { type HandedJob, readHandedJob } from "../../../service/launcher/handed-job.ts";
import { orLogFailure } from "../../process/failure.ts";
import { optimizeLate } from "../../process/late-optimizing.ts";
import { record } from "../run-record.ts";
import { rehearse } from "./rehearse.ts";

export interface AwaitOptions {
  /** Whether the job's storage is a bucket. */
  readonly bucket?: boolean;
}

/** The pipe on which the service learns that everything is loaded. */
const READY_FD = 3;

/**
 * Waits for a job and records it. Until then the process has no secret, and ends with the service.
 *
 * @returns the exit code
 */
export async function awaitJob({ bucket = false }: AwaitOptions): Promise<number> {
  await loadTheRest(bucket);
  writeSync(READY_FD, "ready\n");
  closeSync(READY_FD);
  const line = await firstLine();
  if (line === undefined) return 0;
  const job = readHandedJob(line);
  if (!trust(job.environment.NODE_EXTRA_CA_CERTS) || !accept(job)) return 0;
  Object.assign(process.env, job.environment);
  // The first minute of the job is now.
  optimizeLate();
  return await orLogFailure(process.env.MEETBOT_JOB_ID, () => record(undefined, { view: false }));
}

/** What a job would load or do first when it needs it. */
async function loadTheRest(bucket: boolean): Promise<void> {
  await import("../../../control/server.ts");
  if (bucket) await import("../../../storage/s3/s3.ts");
  await rehearse();
}

/** @returns undefined if standard input ends first: the service is gone */
async function firstLine(): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) return line;
    return undefined;
  } finally {
    lines.close();
    // The job continues without the service.
    process.stdin.destroy();
  }
}

/**
 * Adds the certificates in a file, as Node does with the one that this variable names at its start.
 *
 * @returns false if this Node cannot add them later: the job needs a process of its own
 */
function trust(file: string | undefined): boolean {
  if (file === undefined || file === process.env.NODE_EXTRA_CA_CERTS) return true;
  // Since Node 24.5.
  if (typeof tls.setDefaultCACertificates !== "function") return false;
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), readFileSync(file, "utf8")]);
  return true;
}

/** @returns false if the service has given this attempt up */
function accept({ folder, started }: HandedJob): boolean {
  try {
    process.chdir(folder);
    mkdirSync(started);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST") || hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
