import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { typed } from "../../invocation.ts";
import type { Job } from "../../recording/job/job.ts";
import type { JobResult } from "../../recording/job/job-result.ts";
import type { Redactor } from "../../redactor.ts";
import { pathFrom } from "../../text/shell-words.ts";
import { endProcess } from "../process/end-process.ts";
import { type FailureOutput, ifJson, tellFailure } from "../process/failure.ts";
import { linkByCall } from "../view/call-link.ts";
import { shownText } from "../view/charset.ts";
import { listenToKeys } from "../view/live-keys.ts";
import type { LiveView } from "../view/live-view.ts";
import { summarize } from "../view/summary.ts";
import { UploadView } from "../view/upload-view.ts";

export interface RunOptions {
  readonly graceMs: number;
  readonly log: Logger;
  readonly redactor: Redactor;
  /** Where somebody sits at the terminal; its keys are listened to then. */
  readonly view?: LiveView | undefined;
}

/**
 * Runs a job to its end as a process does: signals end it, a crash does not lose it, and how it ended is told.
 *
 * @returns the exit code
 */
export async function runJob(job: Job, { graceMs, log, redactor, view }: RunOptions): Promise<number> {
  endOnCrash(job, log);
  const release = stopOnSignals(job, graceMs, (text) => log.info({}, text));
  const hide = view === undefined ? showUploads(job, log) : showLive(job, view);
  try {
    const result = await job.run();
    hide();
    report(result, { redactor, jsonLog: ifJson(log) }, (text) => log.debug({}, text));
    return result.exitCode;
  } finally {
    hide();
    release();
  }
}

/** @returns stops showing */
function showUploads(job: Job, log: Logger): () => void {
  const uploads = new UploadView(() => job.status(), log, process.stderr);
  return () => uploads.stop();
}

/** @returns takes the view off the terminal, and gives the keys back */
function showLive(job: Job, view: LiveView): () => void {
  view.start(() => job.status());
  const release = listenToKeys(process.stdin, {
    call: job.call,
    end: (end) => job.end(end),
    interrupt: () => process.kill(process.pid, "SIGINT"),
    changed: () => view.draw(),
  });
  let shown = true;
  return () => {
    if (shown) release();
    shown = false;
    view.stop();
  };
}

/**
 * What no code of ours caught ends the call, not the process: what was recorded until then is finished and stored.
 * Node's own way would print the error as it is, secrets included, and leave the bot in the channel.
 */
function endOnCrash(job: Job, log: Logger): void {
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception; finishing what was recorded");
    job.end({ exitReason: "internal_error", detail: `unexpected failure: ${error.message}` });
  });
}

function report(
  { state, exitCode, manifest, manifestUri }: JobResult,
  output: FailureOutput,
  debug: (text: string) => void,
): void {
  if (state.status === "failed") tellFailure({ ...state, exitCode }, output);
  if (manifest !== undefined && process.stdout.isTTY) process.stdout.write(`${shownText(summarize(manifest))}\n`);
  if (manifestUri === undefined) return;
  if (process.stdout.isTTY && manifest !== undefined && manifestUri.startsWith("file:")) {
    const folder = linkByCall(dirname(fileURLToPath(manifestUri)), manifest, debug);
    process.stdout.write(`to see and hear it: ${typed("report", pathFrom(process.cwd(), folder))}\n`);
  }
  process.stdout.write(`${manifestUri}\n`);
}

/** To close the files once everything else is given up. What is on the disk by then is whole, or made whole by `recover`. */
const ABANDON_LIMIT_MS = 5_000;
const UNFINISHED = 5;

/** SIGHUP: whoever was at the terminal has closed it, and cannot see any more that a recording goes on. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * The first SIGTERM, Ctrl-C or hangup leaves and finishes within the grace; the second, or the end of the grace, closes
 * the files and keeps the spool, and a few seconds later the process ends whatever hangs. Ctrl-Z does nothing: Discord would end the call of a process that sleeps.
 *
 * @returns stops listening
 */
function stopOnSignals(job: Job, graceMs: number, tell: (text: string) => void): () => void {
  let grace: NodeJS.Timeout | undefined;
  let lastResort: NodeJS.Timeout | undefined;
  const abandon = (): void => {
    if (lastResort !== undefined) return;
    lastResort = setTimeout(() => {
      tell("not everything could be closed in time: ending now; what is not stored stays in the spool");
      endProcess(UNFINISHED);
    }, ABANDON_LIMIT_MS);
    job.abandon();
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (grace !== undefined) {
      tell(`${signal} again: closing the files now; what is not stored stays in the spool`);
      abandon();
      return;
    }
    tell(`${signal}: leaving the channel and finishing the files; once more stops at once`);
    job.end({ exitReason: "shutdown", detail: `the worker was told to stop (${signal})` });
    grace = setTimeout(() => {
      tell("the grace is over: closing the files now; what is not stored stays in the spool");
      abandon();
    }, graceMs);
  };
  const onSuspend = (): void => tell("Ctrl-Z does nothing, a call cannot wait; Ctrl-C leaves the channel");
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  process.on("SIGTSTP", onSuspend);
  return () => {
    clearTimeout(grace);
    clearTimeout(lastResort);
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    process.off("SIGTSTP", onSuspend);
  };
}
