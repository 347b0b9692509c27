import { existsSync, readFileSync } from "node:fs";
import type { Logger } from "pino";
import { composeJob } from "../../compose/job.ts";
import { createLog, Redactor } from "../../log.ts";
import type { Job } from "../../recording/job/job.ts";
import { NewestPackets } from "../../recording/tracks/newest-packets.ts";
import { type Config, loadConfig } from "../../settings/load.ts";
import { SECRET_NAMES } from "../../settings/settings.ts";
import { LevelMeter } from "../view/level-meter.ts";
import { LiveView } from "../view/live-view.ts";
import { runJob } from "./run-job.ts";

export interface RecordOptions {
  readonly config?: string;
  readonly view: boolean;
}

/** @returns the exit code */
export async function record(meetingUrl: string | undefined, options: RecordOptions): Promise<number> {
  const config = loadConfig({ environment: process.env, file: options.config, meetingUrl });
  // Neither a child process nor a crash dump's environment needs them from here on.
  for (const name of SECRET_NAMES) delete process.env[name];
  const redactor = new Redactor(config.secrets);
  const newestPackets = options.view && canShow() ? new NewestPackets() : undefined;
  const view = newestPackets && new LiveView(process.stderr, new LevelMeter(newestPackets));
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
    return await runJob(job, { graceMs: config.shutdownGraceMs, log, redactor, view });
  } finally {
    await closeHttp();
  }
}

/** Whether somebody sits at a terminal that can move its cursor, and the process may read its keys. */
function canShow(): boolean {
  return (
    process.stdin.isTTY === true && process.stderr.isTTY === true && process.env.TERM !== "dumb" && isInForeground()
  );
}

/** A job that a shell runs in the background is stopped when it touches the terminal's modes. Known on Linux alone. */
function isInForeground(): boolean {
  if (!existsSync("/proc/self/stat")) return true;
  const stat = readFileSync("/proc/self/stat", "latin1");
  // proc_pid_stat(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr, tpgid.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group === foreground;
}

/** Health, metrics and control, where a port is given. The server is loaded then alone: most jobs start without it. */
async function serveStatus({ http }: Config, job: Job, log: Logger): Promise<() => Promise<void>> {
  if (http === undefined) return async () => undefined;
  const { startHttpServer } = await import("../../control/server.ts");
  const server = await startHttpServer({ ...http, job, log });
  log.info(
    { address: server.address },
    http.token === undefined ? "serving health and metrics" : "serving health, metrics and control",
  );
  return () => server.close();
}
