import { InputError, JobError } from "../errors.ts";
import { typed } from "../invocation.ts";
import type { Spool } from "../recording/ports/spool.ts";
import type { Storage } from "../recording/ports/storage.ts";
import { type CheckResult, failedBy, ok, warn } from "../session/doctor-check.ts";

export interface SpoolLimits {
  readonly lowBytes: number;
  readonly stopBytes: number;
}

/**
 * Takes the job's folder, as the job would, and releases it.
 *
 * @param directory of the job
 */
export async function checkSpool(
  directory: string,
  open: () => Promise<Spool>,
  limits: SpoolLimits,
): Promise<CheckResult[]> {
  let spool: Spool;
  try {
    spool = await open();
  } catch (error) {
    return [failedBy("spool", error, "set MEETBOT_SPOOL_DIR to a folder that this user may write to")];
  }
  try {
    return [await checkUnfinished(spool, directory), checkSpace(await spool.freeBytes(), limits)];
  } finally {
    await spool.close();
  }
}

async function checkUnfinished(spool: Spool, directory: string): Promise<CheckResult> {
  if ((await spool.names()).length === 0) return ok("spool", "it can be written to, and no other process has it");
  const detail = "it holds an unfinished job of this id, which would be finished instead of recording a call";
  return warn("spool", detail, `set another MEETBOT_JOB_ID, or finish it: ${typed("recover", directory)}`);
}

export function checkSpace(freeBytes: number, { lowBytes, stopBytes }: SpoolLimits): CheckResult {
  const detail = `${megabytes(freeBytes)} MB are free`;
  const fix = "free room on its disk, or set MEETBOT_SPOOL_DIR to a folder on another one";
  if (freeBytes < stopBytes) {
    const error = new InputError(`${detail}, and MEETBOT_SPOOL_STOP_MB asks for ${megabytes(stopBytes)} at least`);
    return failedBy("spool space", error, fix);
  }
  if (freeBytes < lowBytes) {
    return warn("spool space", `${detail}, less than MEETBOT_SPOOL_LOW_MB: files would be ended early`, fix);
  }
  return ok("spool space", detail);
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1_000_000);
}

/** Stores a test file, and removes it again. */
export async function checkStorage(storage: Storage): Promise<CheckResult> {
  try {
    await storage.check();
    return ok("storage", `${storage.uriOf("")} takes files`);
  } catch (error) {
    return failedBy("storage", error, storageFix(error));
  }
}

function storageFix(error: unknown): string {
  if (!(error instanceof JobError)) return "set MEETBOT_STORAGE_URI to a place that this user may write to";
  return error.failureCode === "auth_failure"
    ? "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they are allowed"
    : "check MEETBOT_S3_ENDPOINT, and that this machine reaches it";
}
