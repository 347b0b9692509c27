import type { Logger } from "pino";
import type { Job } from "../../recording/job/job.ts";
import type { JobResult } from "../../recording/job/job-result.ts";
import type { Redactor } from "../../redactor.ts";
import { endProcess } from "../process/end-process.ts";
import { type FailureOutput, ifJson, showFailure } from "../process/failure.ts";
import { returnFreeMemory } from "../process/return-memory.ts";
import { listenToKeys } from "../view/live-keys.ts";
import type { LiveView } from "../view/live-view.ts";
import { UploadView } from "../view/upload-view.ts";

export interface RunOptions {
  readonly graceMs: number;
  readonly log: Logger;
  readonly redactor: Redactor;
  /** Undefined if nobody is at the terminal. With a view, keys are read too. */
  readonly view?: LiveView | undefined;
}

/**
 * Runs a job to its end. Signals end the call, a crash loses nothing that was recorded, and the result is printed.
 *
 * @returns the exit code
 */
export async function runJob(job: Job, { graceMs, log, redactor, view }: RunOptions): Promise<number> {
  endOnCrash(job, log);
  returnFreeMemory(log);
  const release = stopOnSignals(job, graceMs, (text) => log.info({}, text));
  const hide = view === undefined ? await showUploads(job, log) : showLive(job, view);
  try {
    const result = await job.run();
    hide();
    await report(result, { redactor, jsonLog: ifJson(log) }, (text) => log.debug({}, text));
    return result.exitCode;
  } finally {
    hide();
    release();
  }
}

/** @returns a function that stops showing them */
async function showUploads(job: Job, log: Logger): Promise<() => void> {
  // Measuring text takes 10 ms and some MB, so it is loaded only at a terminal.
  const row = process.stderr.isTTY ? (await import("../view/status-row.ts")).rowOf(process.stderr) : undefined;
  const uploads = new UploadView(() => job.status(), log, row);
  return () => uploads.stop();
}

/** @returns a function that removes the view and stops reading keys */
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
 * An error that nothing caught ends the call, not the process: what was recorded is finished and stored. By default Node
 * would print the error with any secrets in it, and leave the bot in the channel.
 */
function endOnCrash(job: Job, log: Logger): void {
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception; finishing what was recorded");
    job.end({ exitReason: "internal_error", detail: `unexpected failure: ${error.message}` });
  });
}

async function report(
  { state, exitCode, manifest, manifestUri }: JobResult,
  output: FailureOutput,
  debug: (text: string) => void,
): Promise<void> {
  if (state.status === "failed") showFailure({ ...state, exitCode }, output);
  if (manifest !== undefined && process.stdout.isTTY) {
    const { endedJob } = await import("../view/ended-job.ts");
    process.stdout.write(endedJob(manifest, manifestUri, debug));
  }
  if (manifestUri !== undefined) process.stdout.write(`${manifestUri}\n`);
}

/** Time to close the files after a second signal. What is on the disk by then is complete, or `recover` completes it. */
const ABANDON_LIMIT_MS = 5_000;
const UNFINISHED = 5;

/** SIGHUP: the terminal was closed, so nobody can see that the recording continues. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * The first SIGTERM, Ctrl-C or hangup leaves the channel and finishes the files within the grace. The second one, or the end
 * of the grace, closes the files and keeps the spool; a few seconds later the process ends in any case. Ctrl-Z does
 * nothing, because Discord would end the call of a stopped process.
 *
 * @returns a function that stops listening
 */
function stopOnSignals(job: Job, graceMs: number, say: (text: string) => void): () => void {
  let grace: NodeJS.Timeout | undefined;
  let lastResort: NodeJS.Timeout | undefined;
  const abandon = (): void => {
    if (lastResort !== undefined) return;
    lastResort = setTimeout(() => {
      say("not everything could be closed in time: ending now; files that are not stored stay in the spool");
      endProcess(UNFINISHED);
    }, ABANDON_LIMIT_MS);
    job.abandon();
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (grace !== undefined) {
      say(`${signal} again: closing the files now; files that are not stored stay in the spool`);
      abandon();
      return;
    }
    say(`${signal}: leaving the channel and finishing the files; send it again to stop at once`);
    job.end({ exitReason: "shutdown", detail: `the worker was asked to stop (${signal})` });
    grace = setTimeout(() => {
      say("the grace is over: closing the files now; files that are not stored stay in the spool");
      abandon();
    }, graceMs);
  };
  const onSuspend = (): void =>
    say("Ctrl-Z does nothing, because a call cannot be suspended; Ctrl-C leaves the channel");
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  process.on("SIGTSTP", onSuspend);
  return () => {
    clearTimeout(grace);
    clearTimeout(lastResort);
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    process.off("SIGTSTP", onSuspend);
  };
}
