import { InputError } from "../errors.ts";
import { Redactor } from "../redactor.ts";

/**
 * Bad input is a sentence for the person who gave it; anything else is ours, and its stack helps to mend it.
 *
 * @returns the exit code
 */
export function explainFailure(error: unknown, redactor: Redactor = new Redactor([])): number {
  if (error instanceof InputError) {
    process.stderr.write(redactor.redact(`meetbot-discord: ${error.message}\n`));
    return 1;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(redactor.redact(`meetbot-discord: unexpected failure, please report it\n${text}\n`));
  return 2;
}
