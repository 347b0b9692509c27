import { InputError, JobError } from "../errors.ts";
import { Redactor } from "../redactor.ts";
import { FAILURES } from "../session/exit.ts";

/**
 * Bad input is a sentence for the person who gave it, and so is a failure that has a code; anything else is ours, and
 * its stack helps to mend it.
 *
 * @returns the exit code
 */
export function explainFailure(error: unknown, redactor: Redactor = new Redactor([])): number {
  if (error instanceof InputError) {
    process.stderr.write(redactor.redact(`meetbot-discord: ${error.message}\n`));
    return 1;
  }
  if (error instanceof JobError) {
    const { fault, exitCode } = FAILURES[error.failureCode];
    process.stderr.write(redactor.redact(`meetbot-discord: ${error.failureCode} (${fault}): ${error.message}\n`));
    return exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(redactor.redact(`meetbot-discord: unexpected failure, please report it\n${text}\n`));
  return 2;
}
