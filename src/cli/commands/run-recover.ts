// What `recover` does. `recover.ts` describes the command and loads this file only to run it, as `record.ts` does.
import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Logger } from "pino";
import type { Trust } from "../../compose/earlier-job.ts";
import { composeRecovery } from "../../compose/job.ts";
import { hasCode, InputError } from "../../errors.ts";
import { typed } from "../../invocation.ts";
import { createLog, Redactor } from "../../pino-log.ts";
import { loadSharedConfig, type SharedConfig } from "../../settings/load.ts";
import { SECRET_NAMES } from "../../settings/settings.ts";
import { formerSpool, type SpoolPlace } from "../../settings/spool-place.ts";
import { isJobFolder } from "../../storage/spool.ts";
import { countOwnJobs, expectSpoolFolder } from "../../storage/spool-folder.ts";
import { SpoolLock } from "../../storage/spool-lock.ts";
import { counted } from "../../text/counted.ts";
import { explainFailure, ifJson } from "../process/failure.ts";
import { runJob } from "./run-job.ts";

export interface RecoverOptions {
  readonly all?: boolean;
  readonly except?: string;
  readonly journalStorage?: boolean;
  readonly config?: string;
}

/** @returns the exit code */
export async function recover(
  directory: string | undefined,
  { all, except, journalStorage = false, config: file }: RecoverOptions,
): Promise<number> {
  const config = loadSharedConfig({ environment: process.env, file });
  for (const name of SECRET_NAMES) delete process.env[name];
  const redactor = new Redactor(config.secrets);
  const log = createLog({ level: config.logLevel, redactor, destination: process.stderr });
  const context = { config, redactor, log, trust: { journalStorage } };
  if (all === true && directory === undefined) {
    await expectSpoolFolder(config.spool);
    await warnOfOldSpool(config.spool, log);
  }
  if (all === true) return await recoverAll(resolve(directory ?? config.spool.directory), except, context);
  if (except !== undefined) throw new InputError("recover: --except can only be used with --all");
  if (directory === undefined) {
    throw new InputError("recover: name a job's folder in the spool, or give --all to finish every job in it");
  }
  return await recoverOne(resolve(directory), context);
}

interface Context {
  readonly config: SharedConfig;
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly trust: Trust;
}

async function recoverOne(directory: string, { config, redactor, log: ofAll, trust }: Context): Promise<number> {
  const log = ofAll.child({ jobId: basename(directory) });
  if (!existsSync(directory)) {
    if (!existsSync(dirname(directory))) throw new InputError(`${directory}: no such folder`);
    // A finished job no longer has a folder. Finishing it twice is not an error.
    log.info({}, `${directory} does not exist: nothing to recover`);
    return 0;
  }
  const job = await composeRecovery(directory, config, log, trust);
  if (job === undefined) {
    log.info({}, `${directory}: its worker was killed before it recorded anything; nothing to recover`);
    return 0;
  }
  const exitCode = await runJob(job, { graceMs: config.shutdownGraceMs, log, redactor });
  // A job that failed before it recorded anything is finished too.
  return exitCode === 5 ? 5 : 0;
}

async function recoverAll(spool: string, except: string | undefined, context: Context): Promise<number> {
  const { log, redactor } = context;
  const found = (await jobsIn(spool)).filter(({ directory }) => basename(directory) !== except);
  const folders = found.filter(({ isLink }) => !isLink).map(({ directory }) => directory);
  const jobs = await abandoned(folders, log);
  log.info({ jobs: jobs.length }, `${counted(jobs.length, "unfinished job")} in ${spool}`);
  const exitCodes: number[] = [];
  for (const { directory } of found.filter(({ isLink }) => isLink)) {
    const error = new InputError(
      `${directory} is a link to a job's folder, and links in a spool are not followed; if you made it: ${typed("recover", await realpath(directory))}`,
    );
    const jsonLog = ifJson(log.child({ jobId: basename(directory) }));
    exitCodes.push(explainFailure(error, { redactor, jsonLog }));
  }
  for (const [index, directory] of jobs.entries()) {
    log.info({ jobId: basename(directory) }, `job ${index + 1} of ${jobs.length}`);
    try {
      exitCodes.push(await recoverOne(directory, context));
    } catch (error) {
      // A job that is damaged, or that another process took meanwhile, does not stop the others.
      const jsonLog = ifJson(log.child({ jobId: basename(directory) }));
      exitCodes.push(explainFailure(error, { redactor, jsonLog }));
    }
  }
  return exitCodes.find((code) => code === 5) ?? exitCodes.find((code) => code !== 0) ?? 0;
}

/** Earlier versions had another default spool, where their jobs would be forgotten. */
async function warnOfOldSpool({ isDefault }: SpoolPlace, log: Logger): Promise<void> {
  if (!isDefault) return;
  const directory = formerSpool();
  const jobs = await countOwnJobs(directory);
  if (jobs === 0) return;
  log.warn(
    { jobs },
    `${directory}, the default spool of earlier versions, holds ${counted(jobs, "unfinished job")}; to finish ${jobs === 1 ? "it" : "them"}: ${typed("recover", "--all", directory)}`,
  );
}

/** Jobs without a process. All locks are checked at the same time, because one of another container takes seconds. */
async function abandoned(jobs: readonly string[], log: Logger): Promise<string[]> {
  const held = await Promise.all(
    jobs.map((directory) =>
      // If a lock cannot be read, recovering the job says so.
      SpoolLock.isHeld(directory).catch(() => false),
    ),
  );
  const others = held.filter(Boolean).length;
  if (others > 0)
    log.info(
      { jobs: others },
      `${counted(others, "job")} skipped: another process is working on ${others === 1 ? "it" : "them"}`,
    );
  return jobs.filter((_, index) => held[index] !== true);
}

interface FoundJob {
  readonly directory: string;
  /** Another user may have made it, and would control what is read and removed. */
  readonly isLink: boolean;
}

async function jobsIn(spool: string): Promise<FoundJob[]> {
  try {
    const entries = await readdir(spool, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => ({ directory: join(spool, entry.name), isLink: entry.isSymbolicLink() }))
      .filter(({ directory }) => isJobFolder(directory));
  } catch (error) {
    // Nothing was recorded on this machine yet.
    if (hasCode(error, "ENOENT")) return [];
    if (hasCode(error, "ENOTDIR")) {
      throw new InputError(`${spool}: is a file; give the spool, the folder that contains the jobs' folders`, {
        cause: error,
      });
    }
    if (hasCode(error, "EACCES")) {
      throw new InputError(`${spool}: cannot be read; run the command as the user who owns these jobs`, {
        cause: error,
      });
    }
    throw error;
  }
}
