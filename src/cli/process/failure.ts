import type { Logger } from "pino";
import { type FailureCode, InputError, isSystemError, JobError, messageOf } from "../../errors.ts";
import { readableStack } from "../../package/readable-stack.ts";
import { Redactor } from "../../redactor.ts";
import { type ExitCode, FAILURES } from "../../session/exit.ts";
import { printableLines } from "../../text/safe-text.ts";

/** How a command says why it failed: a sentence for a person, or a line of the log if that is JSON. */
export interface FailureOutput {
  readonly redactor: Redactor;
  /** Undefined if nothing is logged as JSON. */
  readonly jsonLog: Logger | undefined;
}

/**
 * Prints one sentence for bad input, for a failure that has a code, and for what the operating system refuses. Anything
 * else is a bug of ours: it is printed with its stack, which helps to fix it.
 *
 * @returns the exit code
 */
export function explainFailure(
  error: unknown,
  { redactor, jsonLog }: FailureOutput = { redactor: new Redactor([]), jsonLog: undefined },
): ExitCode {
  if (error instanceof JobError) {
    const { exitCode } = FAILURES[error.failureCode];
    showFailure({ failureCode: error.failureCode, detail: error.message, exitCode }, { redactor, jsonLog });
    return exitCode;
  }
  const isInput = error instanceof InputError;
  const exitCode = isInput ? 1 : 2;
  if (jsonLog !== undefined) {
    jsonLog.fatal({ exitCode, ...(isInput ? {} : { err: error }) }, messageOf(error));
    return exitCode;
  }
  process.stderr.write(redactor.redact(`meetbot-discord: ${printableLines(textOf(error))}\n`));
  return exitCode;
}

function textOf(error: unknown): string {
  if (error instanceof InputError) return error.message;
  // A full disk, a missing right or a limit of the system is nothing to report to us.
  if (isSystemError(error)) return `the system refused it: ${error.message}`;
  const stack = error instanceof Error ? readableStack(error.stack ?? error.message) : String(error);
  return `unexpected failure, please report it\n${stack}`;
}

interface ShownFailure {
  readonly failureCode: FailureCode;
  readonly detail: string;
  /** The process's exit code. It is not that of the failure code if the job had recorded something. */
  readonly exitCode: ExitCode;
}

export function showFailure(
  { failureCode, detail, exitCode }: ShownFailure,
  { redactor, jsonLog }: FailureOutput,
): void {
  const { fault } = FAILURES[failureCode];
  const text = `${failureCode} (${fault}): ${detail}`;
  if (jsonLog === undefined) process.stderr.write(redactor.redact(`meetbot-discord: ${printableLines(text)}\n`));
  else jsonLog.error({ failureCode, fault, exitCode }, text);
}

/** The log, if it is lines of JSON: on a terminal it is not, and a silent log has no lines. */
export function ifJson(log: Logger): Logger | undefined {
  return process.stderr.isTTY === true || log.level === "silent" ? undefined : log;
}

/**
 * Runs a command whose log is JSON unless it goes to a terminal. Its failure is a line of that log too, even before the
 * settings are read.
 *
 * @returns the exit code
 */
export async function orLogFailure(jobId: string | undefined, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const redactor = new Redactor([]);
    const isSilent = process.env.MEETBOT_LOG_LEVEL === "silent";
    if (isSilent || process.stderr.isTTY) return explainFailure(error, { redactor, jsonLog: undefined });
    const { createLog } = await import("../../pino-log.ts");
    const options = jobId === undefined || jobId === "" ? {} : { jobId };
    const jsonLog = createLog({ level: "info", ...options, redactor, destination: process.stderr });
    return explainFailure(error, { redactor, jsonLog });
  }
}
