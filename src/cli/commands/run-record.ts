// What `record` does. `record.ts` describes the command and loads this file only to run it: other commands, and help, do
// not wait for the libraries of recording, and a missing library is one sentence.
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Logger } from "pino";
import { composeJob } from "../../compose/job.ts";
import { InputError, messageOf } from "../../errors.ts";
import { writeNote } from "../../own-files.ts";
import { createLog, Redactor } from "../../pino-log.ts";
import type { Job } from "../../recording/job/job.ts";
import { NewestPackets } from "../../recording/tracks/newest-packets.ts";
import { type Config, loadConfig } from "../../settings/load.ts";
import { SECRET_NAMES } from "../../settings/settings.ts";
import { endSoon } from "../process/end-process.ts";
import { runJob } from "./run-job.ts";

export interface RecordOptions {
  readonly config?: string;
  readonly view: boolean;
}

/** @returns the exit code */
export async function record(meetingUrl: string | undefined, options: RecordOptions): Promise<number> {
  const config = loadConfig({ environment: process.env, file: options.config, meetingUrl });
  // From here on neither a child process nor the environment in a crash dump holds them.
  for (const name of SECRET_NAMES) delete process.env[name];
  const redactor = new Redactor(config.secrets);
  const newestPackets = options.view && canShow() ? new NewestPackets() : undefined;
  const view = newestPackets && (await import("../view/open-live-view.ts")).openLiveView(newestPackets);
  const log = createLog({
    level: config.logLevel,
    jobId: config.jobId,
    redactor,
    destination: view?.log ?? process.stderr,
  });
  log.info({ guildId: config.guildId, channelId: config.channelId }, "job");
  const job = await composeJob(config, log, newestPackets);
  const closeHttp = await serveStatus(config, job, log).catch(async (error: unknown) => {
    await job.release();
    throw error;
  });
  try {
    const exitCode = await runJob(job, { graceMs: config.shutdownGraceMs, log, redactor, view });
    process.exitCode = exitCode;
    // A disk that hangs may block all of Node's threads, and what follows needs one.
    endSoon();
    return exitCode;
  } finally {
    await closeHttp();
  }
}

/** Whether somebody is at a terminal that can move its cursor, and the process may read its keys. */
function canShow(): boolean {
  return (
    process.stdin.isTTY === true && process.stderr.isTTY === true && process.env.TERM !== "dumb" && isInForeground()
  );
}

/** A shell stops a background job that changes the terminal's modes. Only Linux says whether it is one. */
function isInForeground(): boolean {
  if (!existsSync("/proc/self/stat")) return true;
  const stat = readFileSync("/proc/self/stat", "latin1");
  // proc_pid_stat(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr, tpgid.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group === foreground;
}

/** Health, metrics and control, if a port is set. The server is loaded only then, because most jobs have none. */
async function serveStatus({ http }: Config, job: Job, log: Logger): Promise<() => Promise<void>> {
  if (http === undefined) return async () => undefined;
  const { startHttpServer } = await import("../../control/server.ts");
  const server = await startHttpServer({ ...http, job, log });
  log.info(
    { address: server.address },
    http.token === undefined ? "serving health and metrics" : "serving health, metrics and control",
  );
  const { addressFile } = http;
  if (addressFile === undefined) return () => server.close();
  await writeNote(addressFile, server.address).catch(async (error: unknown) => {
    await server.close();
    throw new InputError(`MEETBOT_HTTP_ADDRESS_FILE: ${addressFile} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  });
  return async () => {
    await rm(addressFile, { force: true });
    await server.close();
  };
}
